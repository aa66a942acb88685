"""Additions: new items, or new attributes of known ones, for a model that is trained. Nothing is trained.

The vocabulary stays sorted, so items get new numbers: whatever holds numbers (histories, the item memory, the
trend, the table of ids) is carried over here and nowhere else. The vector of an item without a history
comes from its attributes in one forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import torch
from torch import Tensor

from regard.data.attributes import align
from regard.data.dataset import Dataset
from regard.data.encoded import Encoded, FieldReport
from regard.data.histories import Histories
from regard.data.ids import clean_ids
from regard.data.media import Media
from regard.data.schema import Columns
from regard.data.tables import Source, Table, open_table
from regard.data.vocab import Vocab
from regard.errors import ConfigError, DataError
from regard.model import Model
from regard.models.blend import Blend
from regard.models.items import ItemEncoder, ItemFeatures
from regard.models.lending import lent
from regard.models.memory import ItemMemory
from regard.models.registry import build
from regard.recommend.indexing import index_of

__all__ = ["Added", "add_items", "as_type"]

SOURCE = "the new items"
_IDS = "items.ids.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A model that knows more items.

    Parameters
    ----------
    model
        The model; the one that was given is unchanged.
    new
        Number of items that it did not know.
    changed
        Number of known items whose attributes were replaced.
    without_attributes
        Number of new items of which no field could be read: these are never recommended.
    ignored
        Columns that training did not have.
    reports
        What was counted, field by field, over all items.
    """

    model: Model
    new: int
    changed: int
    without_attributes: int
    ignored: tuple[str, ...]
    reports: tuple[FieldReport, ...]


def add_items(
    model: Model,
    items: Source,
    *,
    columns: Columns | Mapping[str, str] | None = None,
    media: Media | None = None,
) -> Added:
    """Return the model with the items of a table, recommendable at once.

    Parameters
    ----------
    model
        Trained with attributes.
    items
        One row per item: its id and the attributes that training had. Rows of known items replace theirs.
    columns
        The caller's names of columns.
    media
        Where files are; the encoders of training are used unless others are given.

    Raises
    ------
    ConfigError
        If the model reads no attributes.
    DataError
        If an id is null, has two rows, or does not have the type of the model's ids.
    """
    if not isinstance(model.network.items, ItemEncoder):
        raise ConfigError(
            "this model knows items by their histories alone, so a new item means nothing to it; train it "
            "with a table of items that has attributes (items=... or --items)"
        )
    catalogue = _Catalogue.of(model.dataset, open_table(items, kind="items"), Columns.of(columns))
    encoded = model.items.coders.encode_counted(
        catalogue.item_table, source=SOURCE, content=media or Media(config=model.config.content)
    )
    grown, features = _grown(model, catalogue, encoded)
    new_W, given_W = catalogue.new_W, catalogue.given_W
    return Added(
        model=grown,
        new=int(new_W.sum()),
        changed=int((given_W & ~new_W).sum()),
        without_attributes=int((new_W & ~features.described).sum()),
        ignored=catalogue.ignored,
        reports=encoded.reports,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Catalogue:
    """Old and new items together: W ids, and where the V old ones are among them."""

    vocab: Vocab
    item_table: pl.DataFrame
    number_V: np.ndarray
    given_W: np.ndarray
    new_W: np.ndarray
    ignored: tuple[str, ...]

    @classmethod
    def of(cls, old: Dataset, table: Table, names: Columns) -> _Catalogue:
        given = _ids(table, names, old.items)
        vocab = Vocab.of(pl.concat([old.items.ids, given]))
        aligned = align(table, vocab, columns=names, ours="item_id", on_bad="error").table
        number_V = vocab.encode(old.items.ids)
        given_W, new_W = np.zeros(len(vocab), dtype=bool), np.ones(len(vocab), dtype=bool)
        given_W[vocab.encode(given)] = True
        new_W[number_V] = False
        return cls(
            vocab=vocab,
            item_table=_merged(old.item_table, aligned, ids=vocab.ids, given_W=given_W),
            number_V=number_V,
            given_W=given_W,
            new_W=new_W,
            ignored=tuple(name for name in aligned.columns if name not in old.item_table.columns),
        )

    def histories(self, old: Histories) -> Histories:
        """Return the same events under the new numbers."""
        return replace(old, item=self.number_V[old.item].astype(np.int32))


def _ids(table: Table, names: Columns, known: Vocab) -> pl.Series:
    """Return the ids of a table in the type of the vocabulary, nulls left out (`align` refuses them)."""
    theirs = names.find_id("item_id", table.columns, source=table.name)
    given = clean_ids(table.read()[theirs], where=f"{table.name}: column {theirs!r}")
    ids = given.cast(known.ids.dtype, strict=False)
    lost = (ids.is_null() & given.is_not_null()).arg_true()
    if len(lost):
        raise DataError(
            f"{table.name}: column {theirs!r}, row {lost[0]}: {given[lost[0]]!r} is no integer, but "
            "the ids of the model's items are integers; give ids of the same kind"
        )
    return ids.drop_nulls().rename("id")


def _merged(old: pl.DataFrame, given: pl.DataFrame, *, ids: pl.Series, given_W: np.ndarray) -> pl.DataFrame:
    """Return the old table with the given rows in place of, or beside, its own; it keeps its columns."""
    kept = ids.rename("item_id").to_frame().join(old, on="item_id", how="left", maintain_order="left")
    columns = [kept["item_id"]]
    for name in old.columns[1:]:
        if name not in given.columns:
            fresh = pl.Series(name, [None] * len(ids), dtype=old[name].dtype)
        else:
            fresh = as_type(given[name], old[name].dtype)
        columns.append(kept[name].zip_with(~pl.Series(given_W), fresh))
    return pl.DataFrame(columns)


def as_type(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return a column of a table of items in the type that it had in training.

    Raises
    ------
    DataError
        If a value cannot be changed into it.
    """
    if values.dtype == dtype:
        return values
    try:
        return values.cast(dtype)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise DataError(
            f"{SOURCE}: column {values.name!r} has the type {values.dtype}, in training it was {dtype}, and "
            f"a value cannot be changed into it: {str(error).splitlines()[0]}"
        ) from error


def _grown(model: Model, catalogue: _Catalogue, encoded: Encoded) -> tuple[Model, ItemFeatures]:
    """Return the model for more items: the same weights, rows of ids in their new places."""
    histories = catalogue.histories(model.dataset.histories)
    dataset = replace(
        model.dataset, items=catalogue.vocab, item_table=catalogue.item_table, histories=histories
    )
    train = dataset.part(replace(model.train.histories, item=histories.item))
    features = ItemFeatures(columns=encoded.columns, trained_V=train.item_counts > 0)
    size, config = len(catalogue.vocab), model.config
    context = model.network.context.spec
    network = build(config.model, config.shape, num_items=size, features=features, context=context)
    weights = dict(model.network.state_dict())
    if _IDS in weights:
        table = torch.zeros_like(network.state_dict()[_IDS])
        table[torch.from_numpy(catalogue.number_V).long()] = weights[_IDS][: len(catalogue.number_V)]
        weights[_IDS] = table
    network.load_state_dict(weights)
    moved = _moved(model.blend, catalogue.number_V, size=size)
    grown = replace(
        model,
        network=network.eval(),
        blend=lent(moved, network.items),
        dataset=dataset,
        train=train,
        items=replace(model.items, columns=encoded.columns, reports=encoded.reports),
        index=None,
    )
    if model.index is not None:
        grown = replace(grown, index=index_of(grown.recommender, model.index.record.config))
    return grown, features


def _moved(blend: Blend, number_V: np.ndarray, *, size: int) -> Blend:
    number = torch.from_numpy(number_V).long()
    trend = torch.zeros(size)
    trend[number] = blend.trend_V
    memory = blend.memory
    if memory is not None:
        memory = _moved_memory(memory, number)
    return replace(blend, trend_V=trend, memory=memory)


def _moved_memory(memory: ItemMemory, number: Tensor) -> ItemMemory:
    return replace(memory, item_C=number[memory.item_C])
