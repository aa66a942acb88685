"""Fields: which kind of value each column of a table holds, as inferred or as a person said.

A person writes JSON, in which a kind is a word or, with a separator, an object::

    {"items": {"brand": "category", "genres": {"kind": "set", "separator": "|"}}, "users": {"age": "number"}}

or pairs on the command line: ``brand=category`` (a column of the items), ``users.age=number``,
``genres=set:|``. How kinds are guessed is `regard.data.infer`; what is made of them, `regard.data.coding`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_args

import pydantic

from regard.config import Config, named_once
from regard.errors import DataError, SchemaError

__all__ = ["KINDS", "TABLES", "Field", "Fields", "Kind", "parse_fields"]

Kind = Literal["category", "set", "number", "price", "time", "text", "image", "video", "vector", "ignore"]
TableName = Literal["items", "users", "events"]

KINDS: Final[tuple[str, ...]] = get_args(Kind)
TABLES: Final[tuple[str, ...]] = get_args(TableName)


class Field(Config):
    """A column and the kind of its values.

    Attributes
    ----------
    name
        The column.
    kind
        What its values are; ``"ignore"`` leaves the column out.
    separator
        What stands between the members of a set that is written as text; None guesses it.
    reason
        In words, why this kind was guessed; empty where a person said it.
    """

    name: str = pydantic.Field(min_length=1)
    kind: Kind
    separator: str | None = pydantic.Field(default=None, min_length=1)
    reason: str = ""


class Fields(Config):
    """The fields of the three tables, each name once.

    Attributes
    ----------
    items, users, events
        Fields in the order of the columns.

    Examples
    --------
    >>> fields = Fields.parse({"items": {"brand": "category", "genres": {"kind": "set", "separator": "|"}}})
    >>> [field.kind for field in fields.items]
    ['category', 'set']
    >>> Fields.parse(fields.document()) == fields == Fields.from_json(fields.to_json())
    True
    """

    items: tuple[Field, ...] = ()
    users: tuple[Field, ...] = ()
    events: tuple[Field, ...] = ()

    @classmethod
    def parse(cls, document: object, *, source: str = "fields") -> Fields:
        """Read what a person wrote, already taken out of JSON; `source` is what messages call it.

        Raises
        ------
        SchemaError
            If a table, a kind or a setting does not exist, naming the nearest one.
        """
        tables = _object(document, f"{source} must be")
        read: dict[str, tuple[Field, ...]] = {}
        for table, columns in tables.items():
            if table not in TABLES:
                raise SchemaError(f"{source}: there is no table {table!r}; {_hint(table, TABLES)}")
            named = _object(columns, f"{source}: {table!r} must hold")
            read[table] = tuple(
                _field(name, said, where=f"{source}: {table}.{name}") for name, said in named.items()
            )
        return cls.from_json(read)

    @classmethod
    def read(cls, path: str | Path) -> Fields:
        """Read a JSON file.

        Raises
        ------
        DataError
            If the file cannot be read or is no JSON, naming the line.
        SchemaError
            If it names what does not exist.
        """
        file = Path(path).expanduser()
        try:
            document = json.loads(
                file.read_text(encoding="utf-8"), object_pairs_hook=named_once(file, SchemaError)
            )
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{file}: cannot be read: {error}") from error
        except json.JSONDecodeError as error:
            raise DataError(
                f"{file}, line {error.lineno}: this is not JSON: {error.msg}; write for instance "
                '{"items": {"brand": "category"}}'
            ) from error
        return cls.parse(document, source=str(file))

    def document(self) -> dict[str, Any]:
        """Return what a person would write; `parse` reads it."""
        return {
            table: {
                field.name: field.kind
                if field.separator is None
                else {"kind": field.kind, "separator": field.separator}
                for field in getattr(self, table)
            }
            for table in TABLES
            if getattr(self, table)
        }

    def overruled(self, said: Fields) -> Fields:
        """Return these (inferred) fields with the kinds that a person said.

        A set keeps its inferred separator if the person names none.

        Raises
        ------
        SchemaError
            If the person names a column that is not there, naming the nearest one.
        """
        changed = {}
        for table in TABLES:
            known: dict[str, Field] = {field.name: field for field in getattr(self, table)}
            for field in getattr(said, table):
                if field.name not in known:
                    raise SchemaError(_no_column(table, field.name, tuple(known)))
                guess = known[field.name]
                keep = field.kind == guess.kind and field.separator is None
                known[field.name] = field.changed(separator=guess.separator) if keep else field
            changed[table] = tuple(known.values())
        return Fields.from_json(changed)

    def joined(self, other: Fields) -> Fields:
        """Return the fields of both; where both name a column, `other` decides."""
        both = {
            table: tuple(
                {field.name: field for field in getattr(self, table) + getattr(other, table)}.values()
            )
            for table in TABLES
        }
        return Fields.from_json(both)

    @pydantic.model_validator(mode="after")
    def _names_once(self) -> Fields:
        for table in TABLES:
            names = [field.name for field in getattr(self, table)]
            again = next((name for name in names if names.count(name) > 1), None)
            if again is not None:
                raise ValueError(f"column {again!r} of the {table} is named twice")
        return self


def parse_fields(pairs: Sequence[str]) -> Fields:
    """Make `Fields` from what a command line gives: ``["brand=category", "users.age=number"]``.

    A name without a table means the items. A separator follows the kind after a colon: ``genres=set:|``.

    Raises
    ------
    SchemaError
        If a pair is not written that way or names a kind that does not exist.

    Examples
    --------
    >>> parse_fields(["brand=category", "genres=set:|", "users.age=number"]).document()
    {'items': {'brand': 'category', 'genres': {'kind': 'set', 'separator': '|'}}, 'users': {'age': 'number'}}
    """
    tables: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        place, equals, said = pair.partition("=")
        table, dot, name = place.strip().partition(".")
        if table not in TABLES or not dot:
            table, name = "items", place.strip()
        kind, colon, separator = said.partition(":")
        if not equals or not name or not kind.strip() or (colon and not separator):
            raise SchemaError(
                f"--field {pair!r}: write column = kind, as in brand=category, users.age=number, genres=set:|"
            )
        if name in tables.setdefault(table, {}):
            raise SchemaError(f"--field {pair!r}: the column {name!r} of the {table} is named twice")
        tables[table][name] = {"kind": kind.strip(), "separator": separator} if colon else kind.strip()
    return Fields.parse(tables, source="--field")


def _field(name: str, said: object, *, where: str) -> Field:
    settings = {"kind": said} if isinstance(said, str) else dict(_object(said, f"{where} must be a kind or"))
    for setting in settings:
        if setting not in ("kind", "separator"):
            raise SchemaError(
                f"{where}: there is no setting {setting!r}; {_hint(setting, ('kind', 'separator'))}"
            )
    kind, separator = settings.get("kind"), settings.get("separator")
    if kind not in KINDS:
        raise SchemaError(f"{where}: there is no kind {kind!r}; {_hint(str(kind), KINDS)}")
    if separator is not None and (not isinstance(separator, str) or not separator or kind != "set"):
        raise SchemaError(f"{where}: a separator is text of at least one character, and only a set has one")
    return Field.from_json({"name": name, "kind": kind, "separator": separator})


def _object(document: object, what: str) -> Mapping[str, object]:
    if not isinstance(document, Mapping):
        raise SchemaError(
            f"{what} an object of columns and kinds, as in "
            f'{{"items": {{"brand": "category"}}}}, not {type(document).__name__}'
        )
    return document


def _no_column(table: str, name: str, names: Sequence[str]) -> str:
    if not names:
        return (
            f"fields: there is no column {name!r} of the {table}: no table of {table} with columns was given"
        )
    return f"fields: the {table} have no column {name!r}; {_hint(name, names)}"


def _hint(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name.lower(), [known.lower() for known in names], n=1)
    there = ", ".join(names)
    if not near:
        return f"there are: {there}"
    meant = next(known for known in names if known.lower() == near[0])
    return f"did you mean {meant!r}? (there are: {there})"
