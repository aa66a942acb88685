"""Encoder: what makes vectors of content, as `regard.content.vectors` sees it.

An encoder is cheap to make and to name: it reads its files only to tell its version, and loads its network
when the first value has to be encoded. So a run whose vectors are all kept needs no heavy package at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

__all__ = ["Encoder", "FrameEncoder", "unit"]


class Encoder(Protocol):
    """Makes vectors of values of one kind.

    Attributes
    ----------
    name
        Kind, name and version, fit for the name of a folder. The same name means the same vectors.
    """

    @property
    def name(self) -> str:
        """Return kind, name and version."""
        ...

    def width(self) -> int:
        """Return E, the width of its vectors."""
        ...

    def prepare(self, value: Any) -> Any:
        """Make one value ready: decode an image, for instance.

        Raises
        ------
        DataError
            If the value cannot be read, with the reason alone: the caller knows the row.
        """
        ...

    def encode(self, prepared: Sequence[Any]) -> np.ndarray:
        """Return ``[B, E]`` float32 of length 1 for B values that `prepare` returned."""
        ...


class FrameEncoder(Encoder, Protocol):
    """An encoder of images that takes frames of videos too."""

    def prepare_frame(self, frame: np.ndarray) -> Any:
        """Make one ``[height, width, 3]`` uint8 picture ready for `encode`."""
        ...


def unit(value_BE: np.ndarray) -> np.ndarray:
    """Scale vectors to length 1; a zero vector stays one.

    Examples
    --------
    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6..., 0.8...], [0.0, 0.0]]
    """
    length_B1 = np.linalg.norm(value_BE, axis=-1, keepdims=True)
    scaled: np.ndarray = (value_BE / np.maximum(length_B1, 1e-12)).astype(np.float32)
    return scaled
