"""Names of columns: what Regard calls them, and what the caller's files call them.

An event log has a user, an item and a time, and may have a weight, an event type and a session. A
table of items or of users has one row per id and any further columns. This file only knows names;
reading is `regard.data.tables`, values are `regard.data.checks`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pydantic

from regard.config import Config
from regard.data.fields import Field
from regard.errors import SchemaError

__all__ = ["OPTIONAL", "REQUIRED", "Columns", "EventKind", "describe_missing", "parse_columns"]

EventKind = Literal["category", "number", "price", "time"]

REQUIRED = ("user_id", "item_id", "timestamp")
OPTIONAL = ("weight", "event_type", "session_id")

# What other tools call these columns. Only ever a suggestion in a message: guessing silently would
# train on the wrong column one day.
_SYNONYMS = {
    "user_id": ("user", "userid", "uid", "customerid", "customer", "visitorid", "visitor", "clientid",
                "accountid", "member", "reviewerid"),
    "item_id": ("item", "itemid", "iid", "productid", "product", "movieid", "movie", "stockcode", "sku",
                "asin", "articleid", "article", "newsid", "contentid", "trackid", "bookid"),
    "timestamp": ("time", "ts", "date", "datetime", "eventtime", "createdat", "unixreviewtime",
                  "invoicedate", "when", "eventtimestamp"),
    "weight": ("weight", "rating", "score", "strength"),
    "event_type": ("event", "eventtype", "action", "type", "behavior"),
    "session_id": ("session", "sessionid", "visitid"),
    "title": ("title", "name", "description", "movietitle", "productname"),
}  # fmt: skip


class Columns(Config):
    """What the caller's tables call the columns that Regard reads.

    Attributes
    ----------
    user_id, item_id, timestamp
        Columns that every event log must have. The first two are also looked for in the tables of
        users and items, where ``user_id`` and ``item_id`` are accepted as well.
    weight, event_type, session_id
        Optional columns of the event log. None takes the column of that very name if there is one.
    title
        Column of the table of items to show for an item. None takes ``title`` if there is one.
    event_fields
        Further columns of the event log that are read, by the caller's names: a kind each, or None to guess
        it. ``["Quantity", "device=category"]`` and `Fields.events` are read as well. By default none is.

    Examples
    --------
    >>> columns = Columns(user_id="CustomerID", item_id="StockCode", timestamp="InvoiceDate")
    >>> columns.find(["StockCode", "CustomerID", "InvoiceDate", "Country"], source="sales.parquet")
    {'user_id': 'CustomerID', 'item_id': 'StockCode', 'timestamp': 'InvoiceDate'}
    """

    user_id: str = pydantic.Field(default="user_id", min_length=1)
    item_id: str = pydantic.Field(default="item_id", min_length=1)
    timestamp: str = pydantic.Field(default="timestamp", min_length=1)
    weight: str | None = None
    event_type: str | None = None
    session_id: str | None = None
    title: str | None = None
    event_fields: dict[str, EventKind | None] = pydantic.Field(default_factory=dict)

    @pydantic.field_validator("event_fields", mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        if not isinstance(given, list | tuple):
            return given
        said = {one.name: one.kind for one in given if isinstance(one, Field) and one.kind != "ignore"}
        pairs = [one.partition("=") for one in given if isinstance(one, str)]
        return {name.strip(): kind.strip() or None for name, _, kind in pairs} | said

    @classmethod
    def of(cls, columns: Columns | Mapping[str, Any] | None) -> Columns:
        """Make it from a mapping of our names to theirs; None is the default names.

        Raises
        ------
        SchemaError
            If a key is not one of our names, naming the nearest one.
        """
        if isinstance(columns, Columns):
            return columns
        for ours, theirs in (columns or {}).items():
            if ours not in cls.model_fields:
                raise SchemaError(_unknown_name(ours, theirs, list(cls.model_fields)))
        return cls(**dict(columns or {}))

    def find(self, available: Sequence[str], *, source: str) -> dict[str, str]:
        """Return {our name: their name} of the columns of an event log that `available` has.

        Raises
        ------
        SchemaError
            If a required column, or an optional one that was asked for, is not there.
        """
        wanted = {ours: getattr(self, ours) for ours in REQUIRED + OPTIONAL}
        missing = [ours for ours, theirs in wanted.items() if theirs is not None and theirs not in available]
        if missing:
            lines = (describe_missing(ours, wanted[ours], available, source=source) for ours in missing)
            raise SchemaError("\n".join(lines))
        named = {ours: theirs or ours for ours, theirs in wanted.items()}
        return {ours: theirs for ours, theirs in named.items() if theirs in available}

    def check_event_fields(self, available: Sequence[str], *, source: str) -> None:
        """Refuse further columns that are not there, or that have the name of one of ours.

        Raises
        ------
        SchemaError
            Naming the nearest column.
        """
        for name in self.event_fields:
            if name in OPTIONAL:
                raise SchemaError(
                    f"{source}: event field {name!r}: a column of this name is read as {name} anyway"
                )
            if name not in available:
                raise SchemaError(describe_missing("event_fields", name, available, source=source))

    def find_id(self, ours: str, available: Sequence[str], *, source: str) -> str:
        """Return their name of the column ``user_id`` or ``item_id`` of a table of users or items.

        Raises
        ------
        SchemaError
            If there is neither the mapped nor the default name, or if there are both.
        """
        mapped: str = getattr(self, ours)
        names = [name for name in dict.fromkeys((mapped, ours)) if name in available]
        if not names:
            raise SchemaError(describe_missing(ours, mapped, available, source=source))
        if len(names) == 2:
            raise SchemaError(f"{source}: has both {mapped!r} and {ours!r}; drop one of the two columns")
        return names[0]


def describe_missing(ours: str, theirs: str, available: Sequence[str], *, source: str) -> str:
    """Say that a column is missing, which columns there are, and which one may be meant."""
    known = ", ".join(repr(name) for name in available) or "none"
    message = f"{source}: there is no column {theirs!r} (for {ours}); the columns are: {known}"
    near = _nearest(ours, theirs, available)
    if near is None:
        return f"{message}; name yours with columns={{{ours!r}: ...}} or --columns {ours}=..."
    return f"{message}; did you mean {near!r}? use columns={{{ours!r}: {near!r}}} or --columns {ours}={near}"


def parse_columns(pairs: Sequence[str]) -> Columns:
    """Make `Columns` from what a command line gives: ``["user_id=CustomerID", ...]``.

    Raises
    ------
    SchemaError
        If a pair has no ``=`` or names a column that Regard does not have.

    Examples
    --------
    >>> parse_columns(["user_id=CustomerID"]).user_id
    'CustomerID'
    """
    columns = {}
    for pair in (part for given in pairs for part in given.split(",")):
        ours, equals, theirs = pair.partition("=")
        if not equals or not theirs:
            raise SchemaError(f"--columns {pair!r}: write our name = your name, as in user_id=CustomerID")
        columns[ours.strip()] = theirs.strip()
    return Columns.of(columns)


def _unknown_name(ours: str, theirs: str, names: list[str]) -> str:
    near = difflib.get_close_matches(ours, names, n=1)
    if theirs in names and ours not in names:
        return (
            f"columns={{{ours!r}: {theirs!r}}} is the wrong way round; use columns={{{theirs!r}: {ours!r}}}"
        )
    hint = f"did you mean {near[0]!r}?" if near else f"the names are: {', '.join(names)}"
    return f"columns: Regard has no column {ours!r}; {hint}"


def _nearest(ours: str, theirs: str, available: Sequence[str]) -> str | None:
    plain = {_plain(name): name for name in reversed(available)}
    for synonym in (_plain(theirs), _plain(ours), *_SYNONYMS.get(ours, ())):
        if synonym in plain:
            return plain[synonym]
    near = difflib.get_close_matches(_plain(theirs), list(plain), n=1, cutoff=0.7)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
