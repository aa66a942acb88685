"""Encoded: a table as numbers, and what was counted while it became so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regard.config import Config
from regard.data.columns import Column

__all__ = ["Encoded", "FieldReport"]


class FieldReport(Config):
    """What was counted of one field.

    Attributes
    ----------
    name, kind
        The field; kind ``"ignore"`` if it was left out.
    rows, missing, unseen
        All rows; rows without a value; rows with a value that training did not know or found too rare.
    unreadable
        Rows whose picture, video or text could not be read; they count as missing, too.
    notes
        What else is to be said, in words.
    """

    name: str
    kind: str
    rows: int
    missing: int
    unseen: int = 0
    unreadable: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A table of R rows as numbers.

    Parameters
    ----------
    columns
        By name, one column of R rows.
    reports
        What was counted, field by field, those that are left out included.
    ignored
        Columns of the table that no coder knows.
    """

    columns: Mapping[str, Column]
    reports: tuple[FieldReport, ...]
    ignored: tuple[str, ...] = ()
