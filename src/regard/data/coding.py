"""Coding: the columns of a table of items or users become numbers, the same way today and tomorrow.

`fit_coders` learns one coder a field from the rows that training may see; `Coders.encode` turns any table
into `Column`s, and counts. The policies of each kind stand with its coder in `regard.data.coders`:

==============  ==========================================================================  ========
kind            what becomes of it                                                          column
==============  ==========================================================================  ========
category        own code; rare and unseen share one; hashed beyond 50,000                   Codes
set             a bag of such codes                                                         Bags
number          as it is, with quantiles of the training rows                               Numbers
price           sign and logarithm, with quantiles                                          Numbers
time            days since 1970, with quantiles                                             Numbers
text            with an encoder its vector, else a bag of words                             Vectors, Bags
image, video    with an encoder their vector, else left out and said so                     Vectors
vector          centred, mean norm 1                                                        Vectors
==============  ==========================================================================  ========

For all kinds: a missing value is `MISSING` (no code, NaN, a zero vector); a value that only rows outside
training have is as unseen as one that comes later; a column that training lacked is ignored, one that is
gone is missing in all rows; both are said in the report. What a coder cannot read is refused by row.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from regard.data.coders.base import Coded, Place
from regard.data.coders.choose import Coder, coder_from_json, coder_to_json, fit_coder
from regard.data.coders.vectors import VectorCoder
from regard.data.columns import Column
from regard.data.encoded import Encoded, FieldReport
from regard.data.fields import Field
from regard.data.media import Media, MediaVectors, has_encoder, is_ready, media_vectors
from regard.errors import SchemaError

__all__ = ["Coders", "Fitted", "fit_and_encode", "fit_coders"]

_IDS = ("item_id", "user_id")
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Coders:
    """The coders of a table, field by field.

    Parameters
    ----------
    fields
        Fields that have a coder.
    coders
        By name.
    skipped
        By name, why a field that is not ``"ignore"`` has none.

    Examples
    --------
    >>> table = pl.DataFrame({"item_id": [1, 2, 3], "brand": ["a", "a", "b"]})
    >>> coders = fit_coders(table, [Field(name="brand", kind="category")], used_R=np.ones(3, dtype=bool))
    >>> again = Coders.from_json(coders.to_json(), coders.arrays())
    >>> again.encode(pl.DataFrame({"brand": [None, "new", "a"]}))["brand"].code_R.tolist()
    [0, 1, 2]
    """

    fields: tuple[Field, ...] = ()
    coders: Mapping[str, Coder] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)

    def encode(
        self, table: pl.DataFrame, *, source: str = "the table", content: Media | None = None
    ) -> dict[str, Column]:
        """Return one column of numbers for each field, by name.

        Raises
        ------
        DataError, SchemaError
            If a value cannot be read as the kind of its column, naming row and value.
        """
        return dict(self.encode_counted(table, source=source, content=content).columns)

    def encode_counted(
        self, table: pl.DataFrame, *, source: str = "the table", content: Media | None = None
    ) -> Encoded:
        """Do as `encode` does, and count what is missing, unseen and ignored."""
        given = {known.name: table[known.name] for known in self.fields if known.name in table.columns}
        vectors = {
            known.name: self._vectors(
                known,
                given[known.name],
                media=content or Media(),
                place=_place(table, known.name, source=source),
            )
            for known in self.fields
            if known.name in given and self._needs_encoder(known.name, given[known.name])
        }
        return _encoded(self, table, vectors, source=source)

    def to_json(self) -> dict[str, Any]:
        """Return all but the arrays as a dictionary that JSON can hold."""
        entries = [
            {"field": known.changed(reason="").to_json(), **coder_to_json(self.coders[known.name])}
            for known in self.fields
        ]
        return {"format": _FORMAT, "fields": entries, "skipped": dict(self.skipped)}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that `from_json` wants back, by name."""
        return {
            f"{name}.{part}": array
            for name, coder in self.coders.items()
            if isinstance(coder, VectorCoder)
            for part, array in coder.arrays().items()
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> Coders:
        """Make coders from what `to_json` and `arrays` returned."""
        assert document["format"] == _FORMAT
        fields, coders = [], {}
        for entry in document["fields"]:
            known = Field.from_json(entry["field"])
            fields.append(known)
            own = {
                part: arrays[f"{known.name}.{part}"]
                for part in ("centre", "axes")
                if arrays is not None and f"{known.name}.{part}" in arrays
            }
            coders[known.name] = coder_from_json(entry, own)
        return cls(fields=tuple(fields), coders=coders, skipped=dict(document["skipped"]))

    def _needs_encoder(self, name: str, values: pl.Series) -> bool:
        coder = self.coders[name]
        return isinstance(coder, VectorCoder) and coder.encoder != "" and not is_ready(values)

    def _vectors(self, known: Field, values: pl.Series, *, media: Media, place: Place) -> MediaVectors:
        """Return what the encoder of training makes of a column."""
        coder, where = self.coders[known.name], f"{place.source}: column {place.column!r}"
        assert isinstance(coder, VectorCoder)
        assert known.kind in ("text", "image", "video")
        if not has_encoder(known.kind, media.config):
            raise SchemaError(
                f"{where} needs the {known.kind} encoder of training, {coder.encoder}; give it, give ready "
                "vectors, or leave the column empty"
            )
        made = media_vectors(values, kind=known.kind, media=media, place=place)
        if made.encoder != coder.encoder:
            raise SchemaError(
                f"{where} was encoded by {coder.encoder} in training, now by {made.encoder}: vectors of two "
                "encoders do not compare; give the encoder of training"
            )
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Coders, and the table that they were fitted on as numbers."""

    coders: Coders
    encoded: Encoded


def fit_coders(
    table: pl.DataFrame,
    fields: Sequence[Field],
    *,
    used_R: np.ndarray,
    source: str = "the table",
    content: Media | None = None,
) -> Coders:
    """Fit a coder for each field on the rows that training may see.

    Parameters
    ----------
    table
        ``[R]`` rows; a column ``item_id`` or ``user_id`` names them in messages.
    fields
        Fields of the table; those of kind ``"ignore"`` get no coder.
    used_R
        ``[R]`` bool: rows that training may see. No other adds a value, a quantile or a mean.
    source
        What messages call the table.
    content
        Encoders of text and images, and where files are; None if there are none.

    Raises
    ------
    SchemaError
        If the table lacks a field, or a column has a type that its kind cannot have.
    DataError
        If a value cannot be read as the kind of its column, naming row and value.
    """
    return _fit(table, fields, used_R=used_R, source=source, media=content or Media()).coders


def fit_and_encode(
    table: pl.DataFrame,
    fields: Sequence[Field],
    *,
    used_R: np.ndarray,
    source: str = "the table",
    content: Media | None = None,
) -> Fitted:
    """Do as `fit_coders` does, and encode the table; text and images go through their encoder only once."""
    fit = _fit(table, fields, used_R=used_R, source=source, media=content or Media())
    return Fitted(coders=fit.coders, encoded=_encoded(fit.coders, table, fit.vectors, source=source))


@dataclass(frozen=True, slots=True)
class _Fit:
    coders: Coders
    vectors: Mapping[str, MediaVectors]


def _fit(
    table: pl.DataFrame, fields: Sequence[Field], *, used_R: np.ndarray, source: str, media: Media
) -> _Fit:
    """Fit the coders; what went through an encoder on the way is kept."""
    assert used_R.shape == (table.height,)
    coders: dict[str, Coder] = {}
    vectors: dict[str, MediaVectors] = {}
    skipped: dict[str, str] = {}
    for known in fields:
        if known.name not in table.columns:
            raise SchemaError(_lacks(known.name, table.columns, source=source))
        values, place = table[known.name], _place(table, known.name, source=source)
        if known.kind == "ignore":
            skipped[known.name] = known.reason or "left out, as was said"
            continue
        if known.kind in ("text", "image", "video") and not is_ready(values):
            if has_encoder(known.kind, media.config):
                made = media_vectors(values, kind=known.kind, media=media, place=place)
                vectors[known.name], values = made, made.values
            elif known.kind != "text":
                skipped[known.name] = f"left out: there is no encoder for kind {known.kind!r}"
                continue
        encoder = vectors[known.name].encoder if known.name in vectors else ""
        coders[known.name] = fit_coder(known, values, used_R=used_R, place=place, encoder=encoder)
    kept = tuple(known for known in fields if known.name in coders)
    return _Fit(Coders(fields=kept, coders=coders, skipped=skipped), vectors)


def _encoded(
    coders: Coders, table: pl.DataFrame, vectors: Mapping[str, MediaVectors], *, source: str
) -> Encoded:
    """Encode all fields; `vectors` has the media that went through their encoder already."""
    columns, reports = {}, []
    for known in coders.fields:
        made, there = vectors.get(known.name), known.name in table.columns
        if made is not None:
            values = made.values
        elif there:
            values = table[known.name]
        else:
            values = pl.Series(known.name, [None] * table.height, dtype=pl.Null)
        coded = coders.coders[known.name].encode(values, place=_place(table, known.name, source=source))
        columns[known.name] = coded.column
        notes = () if there else ("the table has no such column: missing in every row",)
        reports.append(_report(known, coded, made, notes=notes))
    for name, why in coders.skipped.items():
        missing = table[name].null_count() if name in table.columns else table.height
        reports.append(
            FieldReport(name=name, kind="ignore", rows=table.height, missing=missing, notes=(why,))
        )
    names = {*columns, *coders.skipped, *_IDS}
    ignored = tuple(name for name in table.columns if name not in names)
    return Encoded(columns=columns, reports=tuple(reports), ignored=ignored)


def _report(known: Field, coded: Coded, made: MediaVectors | None, *, notes: tuple[str, ...]) -> FieldReport:
    return FieldReport(
        name=known.name,
        kind=known.kind,
        rows=len(coded.column),
        missing=coded.missing,
        unseen=coded.unseen,
        unreadable=0 if made is None else made.unreadable,
        notes=notes if made is None else (*notes, *made.examples),
    )


def _place(table: pl.DataFrame, column: str, *, source: str) -> Place:
    name = next((name for name in _IDS if name in table.columns), None)
    return Place(source=source, column=column, ids=None if name is None else table[name])


def _lacks(name: str, names: Sequence[str], *, source: str) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the columns are: {', '.join(map(repr, names))}"
    return f"{source}: there is no column {name!r} (field {name!r}); {hint}"
