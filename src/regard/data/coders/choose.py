"""Which coder a field has, and how coders become JSON and arrays and come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from regard.data.coders.base import Place
from regard.data.coders.category import CategoryCoder
from regard.data.coders.numbers import NumberCoder
from regard.data.coders.sets import SetCoder
from regard.data.coders.vectors import VectorCoder, is_vector
from regard.data.coders.words import WordCoder
from regard.data.fields import Field

__all__ = ["Coder", "coder_from_json", "coder_to_json", "fit_coder"]

Coder = CategoryCoder | SetCoder | NumberCoder | WordCoder | VectorCoder

_NAMES: Mapping[type[Coder], str] = {
    CategoryCoder: "category",
    SetCoder: "set",
    NumberCoder: "number",
    WordCoder: "words",
    VectorCoder: "vector",
}
_OF_NAMES: Mapping[str, type[CategoryCoder | SetCoder | NumberCoder | WordCoder]] = {
    "category": CategoryCoder,
    "set": SetCoder,
    "number": NumberCoder,
    "words": WordCoder,
}


def fit_coder(field: Field, values: pl.Series, *, used_R: np.ndarray, place: Place, encoder: str) -> Coder:
    """Fit the coder of a field; media come as vectors, with the name of their encoder, or as plain text.

    Raises
    ------
    DataError, SchemaError
        If a value cannot be read as the kind of the field.
    """
    if field.kind == "category":
        return CategoryCoder.fit(values, used_R=used_R, place=place)
    if field.kind == "set":
        return SetCoder.fit(values, used_R=used_R, place=place, separator=field.separator)
    if field.kind in ("number", "price", "time"):
        return NumberCoder.fit(values, kind=field.kind, used_R=used_R, place=place)
    if field.kind == "text" and not is_vector(values.dtype):
        return WordCoder.fit(values, used_R=used_R, place=place)
    assert field.kind != "ignore"
    return VectorCoder.fit(values, used_R=used_R, place=place, encoder=encoder)


def coder_to_json(coder: Coder) -> dict[str, Any]:
    """Return what JSON can hold of a coder: all but the arrays of vectors."""
    return {"coder": _NAMES[type(coder)], "settings": coder.to_json()}


def coder_from_json(entry: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Coder:
    """Make a coder from what `coder_to_json` returned, and the arrays that one of vectors has.

    Examples
    --------
    >>> used, place = np.ones(2, dtype=bool), Place(source="items", column="brand")
    >>> brand = Field(name="brand", kind="category")
    >>> coder = fit_coder(brand, pl.Series(["a", "a"]), used_R=used, place=place, encoder="")
    >>> coder_from_json(coder_to_json(coder), {}) == coder
    True
    """
    if entry["coder"] == "vector":
        return VectorCoder.from_json(entry["settings"], arrays)
    return _OF_NAMES[entry["coder"]].from_json(entry["settings"])
