"""ItemEncoder: an item as its id and its attributes, fused into one vector by attention over attributes.

Notable choices:

- The id is one field among others. In training ids are dropped at random, and other fields as well, so that
  an item without a history (it has no id that anything was learned about) is not foreign to the model, and no
  field becomes indispensable (Volkovs et al., "DropoutNet", NeurIPS 2017).
- An item's vector depends on the item alone: those of a catalogue are kept, a new item needs no training.
- Where the catalogue is small its table is computed once a step and serves inputs and outputs alike; where it
  is large, only the rows that a step asks for are computed.

It knows columns of numbers, not what they were in the caller's table (`regard.data.coding`).

Shape letters: R rows, V items (P with padding), F fields, D width, J codes, E width of a given vector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pydantic
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from regard.config import Config
from regard.data.columns import Bags, Codes, Column, Numbers, Vectors
from regard.nn.embed import IdEmbedding
from regard.nn.fields import BagField, CategoryField, FieldRows, NumberField, VectorField
from regard.nn.fuse import Fused, Fusion, make_fusion

__all__ = ["ID_FIELD", "Fuse", "ItemConfig", "ItemEncoder", "ItemFeatures"]

ID_FIELD = "item_id"
Fuse = Callable[[Sequence[Tensor], Tensor], Fused]
_TABLE_UP_TO = 8_192  # items; of more, a step of training computes only those that it reads
_ROWS_AT_ONCE = 8_192


class ItemConfig(Config):
    """How the attributes of an item become its vector.

    Attributes
    ----------
    fusion
        ``"attention"`` over the attributes, ``"gate"`` or ``"sum"``.
    fusion_heads
        Of that attention; each weighs its part of the width.
    ids
        Whether the id is a field; without, only attributes speak.
    drop_id, drop_field
        Share of the items whose id, or whose value of another field, is left out in a step of training.
    """

    fusion: Fusion = "attention"
    fusion_heads: int = pydantic.Field(default=1, ge=1)
    ids: bool = True
    drop_id: float = pydantic.Field(default=0.1, ge=0, lt=1)
    drop_field: float = pydantic.Field(default=0.1, ge=0, lt=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFeatures:
    """What is known of V items beside who had them.

    Parameters
    ----------
    columns
        One column of V rows for each field.
    trained_V
        ``[V]`` bool: items with training events; the id of others says nothing.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    trained_V: np.ndarray

    @property
    def described(self) -> np.ndarray:
        """``[V]`` bool: items of which at least one field is present."""
        described = np.zeros(len(self.trained_V), dtype=bool)
        for column in self.columns.values():
            described |= _present(column)
        return described


class ItemEncoder(nn.Module):
    """Vectors of items from ids and attributes.

    Parameters
    ----------
    config
        How they are fused.
    features
        The V items.
    width
        D.
    scale
        Standard deviation of the initial values.

    Attributes
    ----------
    described_V, known_V, cold_V
        ``[V]`` bool: items with an attribute, with a vector, and those of these without training events.

    Examples
    --------
    >>> colour = Codes(code_R=np.array([2, 3, 2], dtype=np.int32), size=4)
    >>> features = ItemFeatures(columns={"colour": colour}, trained_V=np.array([True, True, False]))
    >>> items = ItemEncoder(ItemConfig(), features, 8, scale=0.1).eval()
    >>> items(torch.tensor([0, 2])).shape, items.fused(torch.tensor([2])).weight_RF.tolist()
    (torch.Size([2, 8]), [[0.0, 1.0]])
    """

    trained_V: Tensor

    def __init__(self, config: ItemConfig, features: ItemFeatures, width: int, *, scale: float) -> None:
        super().__init__()
        assert features.columns, "items without attributes need only an IdEmbedding"
        self.config, self.size, self.width = config, len(features.trained_V), width
        self.names = (ID_FIELD, *features.columns)
        self.ids = IdEmbedding(self.size, width, scale=scale) if config.ids else None
        self.fields = nn.ModuleList(
            _Stored.of(column, width, scale=scale) for column in features.columns.values()
        )
        self.fuse = make_fusion(config.fusion, len(self.names), width, heads=config.fusion_heads)
        self.register_buffer("trained_V", torch.from_numpy(features.trained_V), persistent=False)
        self.described_V = features.described
        self.known_V = self.described_V | features.trained_V if config.ids else self.described_V
        self.cold_V = torch.from_numpy(self.known_V & ~features.trained_V)

    @property
    def padded(self) -> int:
        """P."""
        return -(-self.size // 64) * 64

    @property
    def as_table(self) -> bool:
        """Whether the vectors of all items are computed at once in training."""
        return self.size <= _TABLE_UP_TO

    def forward(self, item_R: Tensor) -> Tensor:
        """Return ``[R, D]`` vectors of items."""
        return self.fused(item_R).y_RD

    def table(self) -> Tensor:
        """Return ``[P, D]`` vectors of all items, zero in the padding; without a gradient in parts."""
        rows = self.size if torch.is_grad_enabled() else _ROWS_AT_ONCE
        device = self.trained_V.device
        parts = [
            self(torch.arange(start, min(start + rows, self.size), device=device))
            for start in range(0, self.size, rows)
        ]
        return F.pad(torch.cat(parts).float(), (0, 0, 0, self.padded - self.size))

    def fused(
        self,
        item_R: Tensor,
        *,
        without: int | None = None,
        instead: Mapping[str, Column | Tensor] | None = None,
        fuse: Fuse | None = None,
    ) -> Fused:
        """Return the vectors of items and what each field has in them.

        `without` is the place of a field that is made missing; `instead` has by field R other values, or R
        numbers of the items whose values are read; `fuse` fuses otherwise, for instance asked by a user.
        """
        rows = [self._id_rows(item_R)]
        for name, stored in zip(self.names[1:], self.fields, strict=True):
            assert isinstance(stored, _Stored)
            other = (instead or {}).get(name)
            rows.append(stored(item_R) if other is None else stored.read(other))
        present_RF = torch.stack([row.present_R for row in rows], dim=1)
        if without is not None:
            present_RF[:, without] = False
        if self.training:
            present_RF = self._dropped(present_RF)
        fused: Fused = (fuse or self.fuse)([row.value_RD for row in rows], present_RF)
        return fused

    def _id_rows(self, item_R: Tensor) -> FieldRows:
        if self.ids is None:
            zero_RD = torch.zeros(len(item_R), self.width, device=item_R.device)
            return FieldRows(value_RD=zero_RD, present_R=torch.zeros_like(item_R, dtype=torch.bool))
        return FieldRows(value_RD=self.ids(item_R), present_R=self.trained_V[item_R])

    def _dropped(self, present_RF: Tensor) -> Tensor:
        """Leave ids and other fields out at random; an item that would lose all keeps what it has."""
        share_F = present_RF.new_full((present_RF.shape[1],), self.config.drop_field, dtype=torch.float32)
        share_F[0] = self.config.drop_id
        kept_RF = present_RF & (torch.rand(present_RF.shape, device=present_RF.device) >= share_F)
        return torch.where(kept_RF.any(1, keepdim=True), kept_RF, present_RF)


class _Stored(nn.Module):
    """A column of V rows beside its embedder; the column is data, not weights, and is kept elsewhere."""

    @classmethod
    def of(cls, column: Column, width: int, *, scale: float) -> _Stored:
        if isinstance(column, Codes):
            return _StoredCodes(column, width, scale=scale)
        if isinstance(column, Bags):
            return _StoredBags(column, width, scale=scale)
        if isinstance(column, Numbers):
            return _StoredNumbers(column, width, scale=scale)
        return _StoredVectors(column, width, scale=scale)

    def __init__(self, column: Column) -> None:
        super().__init__()
        for name, tensor in _tensors(column).items():
            self.register_buffer(name, tensor, persistent=False)

    def read(self, column: Column | Tensor) -> FieldRows:
        """Embed all rows of another column of the same field, or the values of items."""
        if isinstance(column, Tensor):
            return self(column)  # type: ignore[no-any-return]
        device = next(self.buffers()).device
        own = {name: tensor.to(device) for name, tensor in _tensors(column).items()}
        rows: FieldRows = functional_call(self, own, (torch.arange(len(column), device=device),))
        return rows


class _StoredCodes(_Stored):
    code_V: Tensor

    def __init__(self, column: Codes, width: int, *, scale: float) -> None:
        super().__init__(column)
        self.embed = CategoryField(column.size, width, scale=scale)

    def forward(self, item_R: Tensor) -> FieldRows:
        rows: FieldRows = self.embed(self.code_V[item_R])
        return rows


class _StoredBags(_Stored):
    offset_V1: Tensor
    code_J: Tensor

    def __init__(self, column: Bags, width: int, *, scale: float) -> None:
        super().__init__(column)
        self.embed = BagField(column.size, width, scale=scale)

    def forward(self, item_R: Tensor) -> FieldRows:
        first_R = self.offset_V1[item_R]
        count_R = self.offset_V1[item_R + 1] - first_R
        offset_R1 = F.pad(torch.cumsum(count_R, 0), (1, 0))
        within_J = torch.arange(int(offset_R1[-1]), device=item_R.device)
        place_J = within_J + torch.repeat_interleave(first_R - offset_R1[:-1], count_R)
        rows: FieldRows = self.embed(offset_R1, self.code_J[place_J].long())
        return rows


class _StoredNumbers(_Stored):
    value_V: Tensor

    def __init__(self, column: Numbers, width: int, *, scale: float) -> None:
        super().__init__(column)
        self.embed = NumberField(torch.from_numpy(column.edge_B1), width, scale=scale)

    def forward(self, item_R: Tensor) -> FieldRows:
        rows: FieldRows = self.embed(self.value_V[item_R])
        return rows


class _StoredVectors(_Stored):
    value_VE: Tensor
    present_V: Tensor

    def __init__(self, column: Vectors, width: int, *, scale: float) -> None:
        super().__init__(column)
        self.embed = VectorField(column.value_RE.shape[1], width, scale=scale)

    def forward(self, item_R: Tensor) -> FieldRows:
        rows: FieldRows = self.embed(self.value_VE[item_R], self.present_V[item_R])
        return rows


def _tensors(column: Column) -> dict[str, Tensor]:
    """Return what is stored of a column, by the name of its buffer."""
    if isinstance(column, Codes):
        arrays = {"code_V": column.code_R}
    elif isinstance(column, Bags):
        arrays = {"offset_V1": column.offset_R1, "code_J": column.code_J}
    elif isinstance(column, Numbers):
        arrays = {"value_V": column.value_R}
    else:
        arrays = {"value_VE": column.value_RE, "present_V": column.present_R}
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def _present(column: Column) -> np.ndarray:
    if isinstance(column, Codes):
        return column.code_R > 0
    if isinstance(column, Bags):
        return np.asarray(np.diff(column.offset_R1) > 0)
    return ~np.isnan(column.value_R) if isinstance(column, Numbers) else column.present_R
