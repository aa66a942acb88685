"""Neighbours of items are kept among other tensors, or are not there."""

from __future__ import annotations

import numpy as np
import torch

from regard.evaluation.neighbours import ItemKNN
from regard.neighbours_keep import neighbour_tensors, neighbours_in


def test_they_come_back_as_they_were_beside_other_tensors() -> None:
    known = ItemKNN(
        offsets=np.array([0, 1, 2]),
        item_E=np.array([1, 0], dtype=np.int32),
        weight_E=np.array([0.5, 0.25], dtype=np.float32),
    )
    again = neighbours_in({"edge": torch.zeros(2), **neighbour_tensors(known)})
    assert again is not None
    for name in ("offsets", "item_E", "weight_E"):
        assert np.array_equal(getattr(again, name), getattr(known, name))


def test_none_are_none() -> None:
    assert neighbour_tensors(None) == {}
    assert neighbours_in({"edge": torch.zeros(2)}) is None
