"""vectors_of: texts, images or videos to vectors, computed once and kept.

Values with the same content are encoded once. What the cache holds for this version of the encoder is taken
from there; the rest is encoded and kept every `ContentConfig.keep_every` vectors, also when the run is
stopped by an exception or by Ctrl-C, so that the next run goes on from there. Texts go through the encoder
in the order of their length: batches then hold little padding, and which texts share one matters only within
the noise of floating point.

It knows no data set and no model: who calls it says which values, and where they came from for messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from regard.content.cache import VectorCache
from regard.content.config import ContentConfig
from regard.content.encoder import Encoder, FrameEncoder
from regard.content.reading import Problem, Readings, read_files, read_texts
from regard.content.text import TextEncoder, seen
from regard.errors import DataError

__all__ = ["ContentKind", "ContentVectors", "encoder_of", "vectors_of"]

ContentKind = Literal["text", "image", "video"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentVectors:
    """Vectors of R rows, and how they came about.

    Parameters
    ----------
    value_RE
        ``[R, E]`` float32 of length 1; zero where there is none.
    present_R
        ``[R]`` bool: whether the row has one.
    encoder
        Name and version of the encoder: vectors may be compared only where it is the same.
    problems
        Rows whose value could not be used and counts as missing, with the reason, in the order of rows.
    reused, computed
        Distinct values whose vector was in the cache, and that went through the encoder.
    notes
        Parts of the cache that were damaged.
    """

    value_RE: np.ndarray
    present_R: np.ndarray
    encoder: str
    problems: tuple[Problem, ...]
    reused: int
    computed: int
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.value_RE)


def vectors_of(
    values: Sequence[Any],
    *,
    kind: ContentKind,
    config: ContentConfig,
    where: str,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> ContentVectors:
    """Make a vector of each value.

    Parameters
    ----------
    values
        R texts; or R images or videos, as bytes or as paths relative to `folder`. None or an empty text is
        a missing value.
    kind
        What they are.
    config
        Encoders, cache and limits.
    where
        What the values are, for messages: ``"items.parquet, column 'plot'"``.
    folder
        The folder that paths are relative to; no file outside it is read.
    progress
        Called with the number of distinct values done and in all, once what the cache holds is known and
        after every batch. What it raises stops the run; vectors made until then are kept.

    Raises
    ------
    DataError
        If a value is of a wrong type, or if a path leaves the folder.
    ConfigError
        If there is no such encoder, if it cannot be loaded, or if the cache cannot be written.
    MissingExtraError
        If the packages of the extra ``content`` are not installed.
    """
    readings = _read(values, kind=kind, config=config, where=where, folder=folder)
    encoder = encoder_of(kind, config)
    cache = VectorCache(config.cache.expanduser() / encoder.name)
    vectors = cache.lookup(readings.value_of.keys())
    reused = len(vectors)
    failed = _encode_missing(
        readings, vectors, encoder=encoder, cache=cache, config=config, progress=progress
    )
    value_RE, present_R = _rows(readings, vectors, failed, width=_width(vectors, encoder))
    return ContentVectors(
        value_RE=value_RE,
        present_R=present_R,
        encoder=encoder.name,
        problems=tuple(sorted(readings.problems)),
        reused=reused,
        computed=len(vectors) - reused,
        notes=tuple(cache.notes),
    )


def _rows(
    readings: Readings, vectors: Mapping[str, np.ndarray], failed: Mapping[str, str], *, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the vector of each row and whether it has one; add to the problems why not."""
    rows = len(readings.key_R)
    value_RE, present_R = np.zeros((rows, width), dtype=np.float32), np.zeros(rows, dtype=bool)
    for row, key in enumerate(readings.key_R):
        if key is None:
            continue
        if key in vectors:
            value_RE[row], present_R[row] = vectors[key], True
        else:
            readings.problems.append(Problem(row, failed[key]))
    return value_RE, present_R


def encoder_of(kind: ContentKind, config: ContentConfig) -> Encoder:
    """Return the encoder of one kind of content, named but not yet loaded.

    Raises
    ------
    ConfigError
        If there is no such encoder.
    """
    if kind == "text":
        return TextEncoder(config)
    if config.joint is not None:
        from regard.content.joint import JointImageEncoder

        images: FrameEncoder = JointImageEncoder(config)
    else:
        from regard.content.image import ImageEncoder

        images = ImageEncoder(config)
    if kind == "image":
        return images
    from regard.content.video import VideoEncoder

    return VideoEncoder(config, images)


def _read(
    values: Sequence[Any], *, kind: ContentKind, config: ContentConfig, where: str, folder: Path | None
) -> Readings:
    if kind == "text":
        return read_texts(
            values,
            where=where,
            max_characters=config.max_characters,
            seen=partial(seen, max_tokens=config.max_tokens),
        )
    max_bytes = config.max_bytes if kind == "image" else None
    return read_files(values, where=where, folder=folder, max_bytes=max_bytes)


def _encode_missing(
    readings: Readings,
    vectors: dict[str, np.ndarray],
    *,
    encoder: Encoder,
    cache: VectorCache,
    config: ContentConfig,
    progress: Progress | None,
) -> dict[str, str]:
    """Add the vectors that are missing, keep them, and return why some values have none."""
    missing = [key for key in readings.value_of if key not in vectors]
    if all(isinstance(readings.value_of[key], str) for key in missing):
        missing.sort(key=lambda key: -len(readings.value_of[key]))
    failed: dict[str, str] = {}
    unkept: list[str] = []
    if progress is not None:
        progress(len(vectors), len(readings.value_of))
    try:
        for start in range(0, len(missing), config.batch):
            made = _encode(encoder, missing[start : start + config.batch], readings.value_of, failed)
            vectors.update(made)
            unkept.extend(made)
            if len(unkept) >= config.keep_every:
                cache.add(unkept, np.stack([vectors[key] for key in unkept]))
                unkept.clear()
            if progress is not None:
                progress(len(vectors) + len(failed), len(readings.value_of))
    finally:
        if unkept:
            cache.add(unkept, np.stack([vectors[key] for key in unkept]))
    return failed


def _encode(
    encoder: Encoder, keys: Sequence[str], value_of: Mapping[str, Any], failed: dict[str, str]
) -> dict[str, np.ndarray]:
    """Encode one batch; say in `failed` which values could not be read."""
    prepared: dict[str, Any] = {}
    for key in keys:
        try:
            prepared[key] = encoder.prepare(value_of[key])
        except DataError as error:
            failed[key] = str(error)
    if not prepared:
        return {}
    made = dict(zip(prepared, encoder.encode(list(prepared.values())), strict=True))
    for key in [key for key, vector in made.items() if not np.isfinite(vector).all()]:
        failed[key] = "the encoder made a vector of it that is not finite"
        del made[key]
    return made


def _width(vectors: Mapping[str, np.ndarray], encoder: Encoder) -> int:
    return len(next(iter(vectors.values()))) if vectors else encoder.width()
