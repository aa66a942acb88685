"""Entities: vectors of numbered items or users, and one learned vector for all that nothing is known of.

With attributes they are those of an `ItemEncoder`, without them a table of ids. A number that training has
not met says nothing by itself: without attributes it is read as unknown. In training some ids are read as
unknown, so that its vector is learned.

Shape letters: R rows, V numbers, D width.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from regard.data.columns import Column
from regard.models.items import Fuse, ItemConfig, ItemEncoder, ItemFeatures
from regard.models.protocols import Candidates
from regard.nn.embed import IdEmbedding

__all__ = ["Entities", "RequestFields"]


class Entities(nn.Module):
    """Vectors of items, or of users.

    Parameters
    ----------
    config
        How attributes and ids become a vector.
    features
        What is known of each number; there may be none.
    width
        D.
    scale
        Standard deviation of the initial values.

    Examples
    --------
    >>> features = ItemFeatures(trained_V=np.array([True, False]))
    >>> entities = Entities(ItemConfig(), features, 4, scale=0.1).eval()
    >>> one, unseen, unknown = entities(torch.tensor([0, 1, -1]))
    >>> bool((unseen == unknown).all()), bool((one == unknown).all())
    (True, False)
    """

    known_V: Tensor

    def __init__(self, config: ItemConfig, features: ItemFeatures, width: int, *, scale: float) -> None:
        super().__init__()
        self.config, self.size = config, len(features.trained_V)
        known_V = np.zeros(max(self.size, 1), dtype=bool)
        if config.ids:
            known_V[: self.size] |= features.trained_V
        known_V[: self.size] |= features.described
        self.register_buffer("known_V", torch.from_numpy(known_V), persistent=False)
        self.vectors: ItemEncoder | IdEmbedding
        if features.columns and self.size:
            self.vectors = ItemEncoder(config, features, width, scale=scale)
        else:
            self.vectors = IdEmbedding(max(self.size, 1), width, scale=scale)
        self.unknown = nn.Parameter(torch.randn(width) * scale)

    def forward(self, number_R: Tensor, fuse: Fuse | None = None) -> Tensor:
        """Return ``[R, D]`` vectors; -1 is an unknown one.

        Parameters
        ----------
        number_R
            ``[R]`` int64.
        fuse
            Another way to fuse attributes than the one that all share; nothing without attributes.
        """
        if len(number_R) == 0:
            return self.unknown.expand(0, -1)
        at_R = number_R.clamp(min=0)
        shown_R = (number_R >= 0) & self.known_V[at_R]
        if isinstance(self.vectors, IdEmbedding):
            if self.training and self.config.drop_id > 0:
                shown_R &= torch.rand(len(at_R), device=at_R.device) >= self.config.drop_id
            value_RD = self.vectors(at_R)
        elif fuse is None and self.vectors.as_table and len(at_R) > self.size:
            value_RD = nn.functional.embedding(at_R, self.vectors.table())
        else:
            value_RD = self.vectors.fused(at_R, fuse=fuse).y_RD
        return torch.where(shown_R[:, None], value_RD, self.unknown.to(value_RD.dtype))


class RequestFields(nn.Module):
    """Further fields of candidates and requests, added up to one vector; a missing value adds nothing.

    Parameters
    ----------
    columns
        Any column of each field: its size and edges are read.
    width, scale
        As in `Entities`.
    """

    def __init__(self, columns: Mapping[str, Column], width: int, *, scale: float) -> None:
        super().__init__()
        rows = len(next(iter(columns.values())))
        features = ItemFeatures(columns=columns, trained_V=np.zeros(rows, dtype=bool))
        config = ItemConfig(ids=False, drop_id=0.0, fusion="sum")
        self.encoder = ItemEncoder(config, features, width, scale=scale)

    def forward(self, candidates: Candidates) -> Tensor:
        """Return ``[K, D]``."""
        return self.encoder.fused(torch.zeros_like(candidates.item_K), instead=candidates.fields).y_RD
