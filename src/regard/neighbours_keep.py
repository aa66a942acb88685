"""neighbours_keep: neighbours of items to and from the tensors of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor

from regard.evaluation.neighbours import ItemKNN

__all__ = ["neighbour_tensors", "neighbours_in"]

_SIMILAR: Final = "similar."


def neighbour_tensors(known: ItemKNN | None) -> dict[str, Tensor]:
    """Return what is kept of neighbours; nothing where there are none."""
    if known is None:
        return {}
    parts = {"offsets": known.offsets, "item": known.item_E, "weight": known.weight_E}
    return {f"{_SIMILAR}{name}": torch.from_numpy(np.ascontiguousarray(part)) for name, part in parts.items()}


def neighbours_in(tensors: Mapping[str, Tensor]) -> ItemKNN | None:
    """Return the neighbours that `neighbour_tensors` kept among others; None where there are none."""
    held = {
        name.removeprefix(_SIMILAR): tensor.numpy()
        for name, tensor in tensors.items()
        if name.startswith(_SIMILAR)
    }
    return ItemKNN(offsets=held["offsets"], item_E=held["item"], weight_E=held["weight"]) if held else None
