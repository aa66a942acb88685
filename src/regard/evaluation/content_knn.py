"""ContentKNN: items whose attributes resemble those of the history; what attributes tell without learning.

It scores items that nobody has had yet, so it is the baseline of cold items. It reads the columns that a
model reads (`regard.data.columns`), each field as a block of an item's vector:

- Codes: one place for each code, weighted by its inverse document frequency, ``log(rows / rows with it)``;
  the block has a root mean square length of 1 over the items of training, so a rare brand tells more.
- Bags: the same for each member; every bag has length 1 (the vector space model: Salton, Wong & Yang, "A
  Vector Space Model for Automatic Indexing", CACM 1975).
- Numbers: the piece of the range that they lie in, as a code.
- Vectors: scaled to length 1.

`MISSING` and `UNSEEN` have no place: two brands that training did not know are not alike. The score is the
cosine of the item's vector and the mean of the history's, where earlier events count less. It knows no ids.

Shape letters: U users, T events, V items, J places that are not zero, P places, E width of dense blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from regard.data.columns import UNSEEN, Bags, Codes, Column, Numbers, Vectors
from regard.data.dataset import Dataset
from regard.data.packing import PackedBatch
from regard.data.split import Holdout
from regard.errors import ConfigError
from regard.evaluation.tuning import best_setting

__all__ = ["ContentKNN", "ContentQuery"]

_DECAYS = (1.0, 0.9, 0.7, 0.5, 0.3)
_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentQuery:
    """Means of histories, of length 1 together (zero where nothing is known).

    Parameters
    ----------
    mean_PU
        ``[P, U]`` of the sparse blocks.
    mean_UE
        ``[U, E]`` of the dense ones.
    """

    mean_PU: Tensor
    mean_UE: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentKNN:
    """Scores an item with the cosine of its attributes and those of the history.

    Parameters
    ----------
    offset_V1
        ``[V + 1]`` int64: item v has the places ``place_J[offset_V1[v] : offset_V1[v + 1]]``.
    place_J, value_J
        ``[J]`` int64 from 0 to P - 1, and float32 values at these places.
    places
        P.
    dense_VE
        ``[V, E]`` float32. Sparse and dense part together have length 1, or 0 for an item of which nothing
        is known.
    decay
        What an event counts in the mean, as a share of what the event after it counts.
    """

    offset_V1: Tensor
    place_J: Tensor
    value_J: Tensor
    places: int
    dense_VE: Tensor
    decay: float

    @classmethod
    def fit(
        cls,
        train: Dataset,
        columns: Mapping[str, Column],
        *,
        decay: float = 0.7,
        tune_on: Holdout | None = None,
    ) -> ContentKNN:
        """Make the vectors of the items.

        Parameters
        ----------
        train
            Training data: frequencies are those of the items that have events in it.
        columns
            By field, one column of V rows.
        decay
            What an event counts, as a share of what the event after it counts: above 0, at most 1.
        tune_on
            A validation cut of `train` that chooses the decay from 1, 0.9, 0.7, 0.5 and 0.3; the vectors are
            those of all of `train`. None for the given decay.

        Raises
        ------
        ConfigError
            If there is no column, or `decay` is out of range.
        """
        if not columns:
            raise ConfigError("ContentKNN compares attributes, and there are none: give a table of items")
        if not 0 < decay <= 1:
            raise ConfigError(f"decay = {decay}: give more than 0 and at most 1")
        used_V = train.item_counts > 0
        sparse = [_sparse(column, used_V) for column in columns.values() if not isinstance(column, Vectors)]
        dense = [_unit(column) for column in columns.values() if isinstance(column, Vectors)]
        made = _joined(sparse, dense, size=len(train.items), decay=decay)
        if tune_on is not None and len(tune_on.queries):
            return best_setting(
                [replace(made, decay=one) for one in _DECAYS], lambda scorer: scorer, holdout=tune_on
            )
        return made

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return len(self.offset_V1) - 1

    @property
    def described(self) -> np.ndarray:
        """``[V]`` bool: items of which something is known."""
        described: Tensor = (self.offset_V1[1:] > self.offset_V1[:-1]) | (self.dense_VE != 0).any(1)
        return described.numpy()

    def query(self, batch: PackedBatch) -> ContentQuery:
        """Return the mean of each history."""
        users, item_T = batch.num_users, batch.item_T.cpu()
        lengths = batch.lengths.cpu()
        row_T = torch.repeat_interleave(torch.arange(users), lengths)
        ago_T = batch.offsets[1:].cpu()[row_T] - 1 - torch.arange(len(item_T))
        weight_T = torch.pow(torch.tensor(self.decay, dtype=torch.float64), ago_T).float()
        count_T = self.offset_V1[item_T + 1] - self.offset_V1[item_T]
        event_J = torch.repeat_interleave(torch.arange(len(item_T)), count_T)
        within_J = torch.arange(len(event_J)) - (torch.cumsum(count_T, 0) - count_T)[event_J]
        from_J = self.offset_V1[item_T][event_J] + within_J
        mean_PU = torch.zeros(self.places * users)
        mean_PU.index_add_(
            0, self.place_J[from_J] * users + row_T[event_J], self.value_J[from_J] * weight_T[event_J]
        )
        mean_PU = mean_PU.view(self.places, users)
        mean_UE = torch.zeros(users, self.dense_VE.shape[1])
        mean_UE.index_add_(0, row_T, self.dense_VE[item_T] * weight_T[:, None])
        norm_U = torch.sqrt((mean_PU**2).sum(0) + (mean_UE**2).sum(1)).clamp(min=_TINY)
        return ContentQuery(mean_PU=mean_PU / norm_U, mean_UE=mean_UE / norm_U[:, None])

    def score(self, query: ContentQuery, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` cosines."""
        offset = self.offset_V1[start : stop + 1]
        some = slice(int(offset[0]), int(offset[-1]))
        scores_BU = F.embedding_bag(
            self.place_J[some],
            query.mean_PU,
            offset - offset[0],
            mode="sum",
            per_sample_weights=self.value_J[some],
            include_last_offset=True,
        )
        return scores_BU.T + query.mean_UE @ self.dense_VE[start:stop].T


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A sparse block: ``[J]`` rows in ascending order, places from 0 to ``places - 1``, values."""

    row_J: np.ndarray
    place_J: np.ndarray
    value_J: np.ndarray
    places: int


def _sparse(column: Codes | Bags | Numbers, used_V: np.ndarray) -> _Block:
    if isinstance(column, Bags):
        row = np.repeat(np.arange(len(column)), np.diff(column.offset_R1))
        code, places = column.code_J.astype(np.int64), column.size
    elif isinstance(column, Codes):
        row, code, places = np.arange(len(column)), column.code_R.astype(np.int64), column.size
    else:
        row, places = np.arange(len(column)), len(column.edge_B1) + UNSEEN + 1
        piece = np.searchsorted(column.edge_B1[1:-1], column.value_R, side="right")
        code = np.where(np.isnan(column.value_R), 0, piece + UNSEEN + 1)
    known = code > UNSEEN
    row, code = row[known], code[known]
    rows = np.bincount(code[used_V[row]], minlength=places)
    weight = np.log(max(int(used_V.sum()), 1) / np.maximum(rows, 1))[code]
    square_V = np.bincount(row, weights=weight**2, minlength=len(column))
    if isinstance(column, Bags):
        scale = np.sqrt(square_V)[row]
    else:
        described = used_V & (np.bincount(row, minlength=len(column)) > 0)
        scale = np.sqrt(square_V[described].mean() if described.any() else np.ones(1))
    value = weight / np.maximum(scale, _TINY)
    some = value > 0  # what all items have tells nothing
    return _Block(row_J=row[some], place_J=code[some], value_J=value[some], places=places)


def _unit(column: Vectors) -> np.ndarray:
    length = np.linalg.norm(column.value_RE, axis=1, keepdims=True)
    unit: np.ndarray = np.where(column.present_R[:, None], column.value_RE, 0) / np.maximum(length, _TINY)
    return unit


def _joined(sparse: list[_Block], dense: list[np.ndarray], *, size: int, decay: float) -> ContentKNN:
    """Put the blocks side by side and scale each item to length 1."""
    first = np.cumsum([0, *(block.places for block in sparse)])
    none = np.empty(0, dtype=np.int64)
    row = np.concatenate([none, *(block.row_J for block in sparse)])
    place = np.concatenate([none, *(block.place_J + at for block, at in zip(sparse, first, strict=False))])
    value = np.concatenate([none, *(block.value_J for block in sparse)]).astype(np.float64)
    dense_VE = np.concatenate([np.zeros((size, 0)), *dense], axis=1)
    square_V = np.bincount(row, weights=value**2, minlength=size) + (dense_VE**2).sum(1)
    length_V = np.sqrt(np.maximum(square_V, _TINY**2))
    order = np.argsort(row, kind="stable")
    row = row[order]
    counts = np.bincount(row, minlength=size)
    return ContentKNN(
        offset_V1=torch.from_numpy(np.concatenate([[0], np.cumsum(counts)])),
        place_J=torch.from_numpy(place[order]),
        value_J=torch.from_numpy((value[order] / length_V[row]).astype(np.float32)),
        places=int(first[-1]),
        dense_VE=torch.from_numpy((dense_VE / length_V[:, None]).astype(np.float32)),
        decay=decay,
    )
