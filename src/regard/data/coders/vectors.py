"""Vectors: ready-made ones and those of a text or image encoder, centred, shortened and scaled as one.

From every vector the mean of the training rows is taken away (vectors of encoders lie in a narrow cone:
without it they all look alike). Of vectors longer than 128 the principal axes of the training rows are kept,
128 at most: the vector of an item is much shorter, and every step of training reads them. All are divided by
one number, so that the mean norm of training rows is 1; no dimension is scaled by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from regard.data.coders.base import Coded, Place
from regard.data.columns import Vectors

__all__ = ["VectorCoder", "is_vector", "read_vectors"]

_TEXT = (pl.String, pl.Categorical, pl.Enum)
_AXES = 128
_SAMPLE = 20_000  # rows that axes are found on
_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorCoder:
    """Centres, shortens and scales vectors.

    Parameters
    ----------
    centre_E
        ``[E]`` float32: mean of the training rows.
    axes_EF
        ``[E, F]`` float32: orthonormal axes that centred vectors are projected on; None: they stay as long.
    scale
        Mean norm of what then is left of the training rows.
    encoder
        Name and version of what made them; empty for vectors that the table brought.

    Examples
    --------
    >>> given, place = pl.Series([[1.0, 0.0], [3.0, 0.0], None]), Place(source="items", column="v")
    >>> coder = VectorCoder.fit(given, used_R=np.ones(3, dtype=bool), place=place)
    >>> coded = coder.encode(given, place=place)
    >>> coded.column.value_RE.tolist(), coded.missing
    ([[-1.0, 0.0], [1.0, 0.0], [0.0, 0.0]], 1)
    """

    centre_E: np.ndarray
    axes_EF: np.ndarray | None = None
    scale: float = 1.0
    encoder: str = ""

    @classmethod
    def fit(cls, values: pl.Series, *, used_R: np.ndarray, place: Place, encoder: str = "") -> VectorCoder:
        """Learn centre, axes and scale of the training rows (`used_R`, ``[R]`` bool).

        Raises
        ------
        DataError
            If rows differ in length or hold what is no finite number.
        """
        vectors = read_vectors(values, place=place)
        used = vectors.value_RE[used_R & vectors.present_R]
        if len(used) == 0:
            return cls(centre_E=np.zeros(vectors.value_RE.shape[1], np.float32), encoder=encoder)
        centre = used.mean(axis=0, dtype=np.float64).astype(np.float32)
        bare = cls(centre_E=centre, axes_EF=_axes(used, centre), encoder=encoder)
        norm = float(np.linalg.norm(bare.shortened(used), axis=1).mean(dtype=np.float64))
        return replace(bare, scale=norm if norm > 1e-6 else 1.0)

    def shortened(self, value_RE: np.ndarray) -> np.ndarray:
        """Return ``[R, F]`` centred and projected vectors."""
        if self.axes_EF is None:
            return np.asarray(value_RE - self.centre_E)
        value = np.empty((len(value_RE), self.axes_EF.shape[1]), dtype=np.float32)
        for start in range(0, len(value), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            value[part] = (value_RE[part] - self.centre_E) @ self.axes_EF
        return value

    def encode(self, values: pl.Series, *, place: Place) -> Coded:
        """Return `Vectors`.

        Raises
        ------
        DataError
            If rows have another length than in training or hold what is no finite number.
        """
        vectors = read_vectors(values, place=place, width=len(self.centre_E))
        value = self.shortened(vectors.value_RE)
        value /= np.float32(self.scale)
        value[~vectors.present_R] = 0
        column = Vectors(value_RE=value, present_R=vectors.present_R)
        return Coded(column=column, missing=int(np.count_nonzero(~vectors.present_R)))

    def to_json(self) -> dict[str, Any]:
        """Return all but the arrays."""
        return {"scale": self.scale, "encoder": self.encoder}

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that `from_json` wants back."""
        return {"centre": self.centre_E} | ({} if self.axes_EF is None else {"axes": self.axes_EF})

    @classmethod
    def from_json(cls, settings: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> VectorCoder:
        """Make a coder from what `to_json` and `arrays` returned."""
        scale, encoder = float(settings["scale"]), str(settings["encoder"])
        return cls(centre_E=arrays["centre"], axes_EF=arrays.get("axes"), scale=scale, encoder=encoder)


def _axes(value_RE: np.ndarray, centre_E: np.ndarray) -> np.ndarray | None:
    """Return ``[E, F]`` the axes along which vectors differ most; None where they are short already."""
    if value_RE.shape[1] <= _AXES:
        return None
    step = -(-len(value_RE) // _SAMPLE)
    sample = value_RE[::step].astype(np.float64) - centre_E
    # The eigenvectors of the smaller of the two products: fewer rows than numbers span no more than the rows.
    if len(sample) >= sample.shape[1]:
        axes = np.linalg.eigh(sample.T @ sample)[1][:, ::-1][:, :_AXES]
    else:
        value, left = np.linalg.eigh(sample @ sample.T)
        kept = np.flatnonzero(value[::-1][:_AXES] > 1e-9 * max(value[-1], 1e-12))
        axes = sample.T @ left[:, ::-1][:, kept] if len(kept) else np.eye(sample.shape[1])[:, :1]
        axes /= np.linalg.norm(axes, axis=0)
    largest = np.abs(axes).argmax(axis=0)  # the sign of an axis is nobody's: its largest number is positive
    axes = axes * np.sign(axes[largest, np.arange(axes.shape[1])])
    return np.ascontiguousarray(axes, dtype=np.float32)


def is_vector(dtype: pl.DataType) -> bool:
    """Tell whether a type holds lists of numbers."""
    if not isinstance(dtype, pl.List | pl.Array):
        return False
    inner = dtype.inner
    return bool(inner.is_numeric())


def read_vectors(values: pl.Series, *, place: Place, width: int | None = None) -> Vectors:
    """Return the vectors of a column as they are, zero where missing.

    Parameters
    ----------
    values
        Lists of numbers, or such lists written as text ("[0.1, 0.2]").
    place
        Where they stand.
    width
        Length that they must have; None takes the most frequent one.

    Raises
    ------
    DataError
        If rows differ in length or hold what is no finite number, naming the first of them.
    SchemaError
        If the column holds no lists of numbers.
    """
    place.refuse_mixed(values)
    lists = _lists(values, place=place)
    length = lists.list.len()
    present = (length > 0).fill_null(value=False)
    if width is None:
        width = int(length.filter(present).mode().sort().last() or 1) if present.any() else 1  # type: ignore[arg-type]
    wrong = present & (length != width)
    if wrong.any():
        row = wrong.arg_max() or 0
        place.refuse(
            wrong,
            f"the vector has {length[row]} numbers, the others have {width}",
            advice="give vectors of one length, or say set if these are lists of codes",
        )
    value = np.zeros((len(values), width), dtype=np.float32)
    flat = lists.filter(present).explode(empty_as_null=False, keep_nulls=False).cast(pl.Float32)
    given = flat.fill_null(np.nan).to_numpy().reshape(-1, width)
    bad = np.zeros(len(values), dtype=bool)
    bad[present.to_numpy()] = ~np.isfinite(given).all(axis=1)
    place.refuse(
        pl.Series(bad),
        "the vector holds a value that is no finite number (null, NaN or infinite)",
        advice="mend it, or leave the whole vector empty",
    )
    value[present.to_numpy()] = given
    return Vectors(value_RE=value, present_R=present.to_numpy())


def _lists(values: pl.Series, *, place: Place) -> pl.Series:
    if is_vector(values.dtype):
        return values.arr.to_list() if isinstance(values.dtype, pl.Array) else values
    if values.dtype == pl.Null:
        return values.cast(pl.List(pl.Float32))
    if values.dtype not in _TEXT:
        place.refuse_type(values, "vector", advice="give lists of numbers of one length")
    text = values.cast(pl.String).str.strip_chars()
    part = text.str.strip_chars("[]() ").str.replace_all(r"[,;\s]+", " ")
    part = part.set((part == "").fill_null(value=False), None)
    words = part.str.split(" ")
    numbers = words.list.eval(pl.element().cast(pl.Float32, strict=False))
    unread = numbers.list.eval(pl.element().is_null()).list.any().fill_null(value=False)
    place.refuse_value(
        unread, text, "is no list of numbers", advice="write vectors as [0.1, 0.2], or say another kind"
    )
    return numbers
