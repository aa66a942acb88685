"""Media: text, images and videos of a table become a column of vectors, if there is an encoder for them.

The encoders are `regard.content`'s; which rows have what, and which column needs which encoder, is known
here. A picture that cannot be read is a missing value, counted and named, never an error. Names of files need
the folder of the table: a table in memory has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from regard.data.coders.base import Place, as_text
from regard.data.coders.vectors import is_vector
from regard.data.fields import Kind

if TYPE_CHECKING:
    from regard.content.config import ContentConfig

__all__ = ["Media", "MediaVectors", "has_encoder", "is_ready", "media_vectors"]

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What is needed to read the media of a table.

    Parameters
    ----------
    config
        The encoders; None if there are none.
    folder
        Folder that names of files are relative to; None for a table in memory.
    progress
        Called with the number of values done and of all.
    """

    config: ContentConfig | None = None
    folder: Path | None = None
    progress: Callable[[int, int], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaVectors:
    """A column of media as vectors.

    Parameters
    ----------
    values
        ``[R]`` vectors, null where missing or unreadable.
    encoder
        Name and version of what made them.
    unreadable
        Rows whose value could not be read, and the first few of them in words.
    examples
        In words: row and reason.
    """

    values: pl.Series
    encoder: str
    unreadable: int = 0
    examples: tuple[str, ...] = ()


def has_encoder(kind: Kind, config: ContentConfig | None) -> bool:
    """Tell whether values of this kind can become vectors: with encoders, text, images and videos can."""
    return config is not None and kind in ("text", "image", "video")


def media_vectors(
    values: pl.Series, *, kind: Literal["text", "image", "video"], media: Media, place: Place
) -> MediaVectors:
    """Return the vectors of a column of text, of bytes, or of names of files.

    Raises
    ------
    SchemaError
        If the column holds another type, or names of files and the table has no folder.
    DataError
        If a text has more than 1 MB, or a name leads out of the folder.
    MissingExtraError
        If the encoder needs a package that is not installed.
    """
    from regard.content.vectors import vectors_of

    assert media.config is not None
    made = vectors_of(
        _readable(values, kind=kind, folder=media.folder, place=place).to_list(),
        kind=kind,
        config=media.config,
        where=f"{place.source}: column {place.column!r}",
        folder=media.folder,
        progress=media.progress,
    )
    width = made.value_RE.shape[1]
    vectors = pl.Series(values.name, made.value_RE, dtype=pl.Array(pl.Float32, width))
    return MediaVectors(
        values=vectors.set(~pl.Series(made.present_R), None),
        encoder=made.encoder,
        unreadable=len(made.problems),
        examples=tuple(f"{place.cell(row)}: {reason}" for row, reason in made.problems[:_SHOWN]),
    )


def _readable(values: pl.Series, *, kind: str, folder: Path | None, place: Place) -> pl.Series:
    """Refuse what no encoder can read; return text, names of files, or bytes."""
    if values.dtype == pl.Binary and kind != "text":
        return values
    if values.dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        place.refuse_mixed(values)
        what = "text" if kind == "text" else f"the names of {kind} files, or their bytes"
        place.refuse_type(values, kind, advice=f"give {what}, or say another kind for this column")
    text = as_text(values, place=place, kind=kind)
    if kind != "text" and folder is None:
        place.refuse_value(
            text.is_not_null(),
            text,
            f"names a file, but a table in memory has no folder where {kind} files could be",
            advice="give the table as a file beside the folder of the files, or give their bytes",
        )
    return text


def is_ready(values: pl.Series) -> bool:
    """Tell whether a column of media already holds vectors, or nothing at all."""
    return is_vector(values.dtype) or values.null_count() == len(values)
