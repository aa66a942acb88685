"""Describing: a training log's table of items becomes columns of numbers that a model reads.

Kinds are guessed unless a person said them; coders learn from the items that training has events of, so that
nothing about later items is used, and encode all of them, so that an item without an event is described too.
It knows no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regard.data.coding import Coders, fit_and_encode
from regard.data.columns import Column
from regard.data.dataset import Dataset
from regard.data.encoded import FieldReport
from regard.data.fields import Fields
from regard.data.infer import infer
from regard.data.media import Media

__all__ = ["Description", "describe_items"]

SOURCE = "the table of items"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a model reads of the items beside their ids.

    Parameters
    ----------
    coders
        Make columns of any table of items, also of later ones.
    columns
        Those of the V items of the log.
    reports
        What was counted, field by field.
    """

    coders: Coders = field(default_factory=Coders)
    columns: Mapping[str, Column] = field(default_factory=dict)
    reports: tuple[FieldReport, ...] = ()


def describe_items(train: Dataset, *, said: Fields | None, media: Media | None = None) -> Description:
    """Return what is known of the items of a log.

    Parameters
    ----------
    train
        The log that is learned from.
    said
        Kinds of fields that a person said; the others are guessed. None: all are guessed.
    media
        Encoders of text and images, and where files are.

    Raises
    ------
    SchemaError
        If a field is named that the table of items does not have.
    DataError
        If a value cannot be read as the kind of its column.
    """
    table = train.item_table
    if table.width < 2:
        return Description()
    guessed = Fields(items=infer(table, id_column="item_id", source=SOURCE))
    fields = guessed if said is None else guessed.overruled(Fields(items=said.items))
    used_V = train.item_counts > 0
    fitted = fit_and_encode(table, fields.items, used_R=used_V, source=SOURCE, content=media)
    return Description(coders=fitted.coders, columns=fitted.encoded.columns, reports=fitted.encoded.reports)
