"""Images through an encoder of the CLIP family, so that they lie in one space with its texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from regard.content.config import ContentConfig
from regard.content.find import encoder_name
from regard.content.image import decode_image, image_of_frame
from regard.content.text import SentenceModel

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["JointImageEncoder"]


class JointImageEncoder:
    """Makes vectors of images with the encoder that makes those of texts.

    Parameters
    ----------
    config
        Names the encoder as `ContentConfig.joint`.
    """

    def __init__(self, config: ContentConfig) -> None:
        assert config.joint is not None
        self._max_pixels = config.max_pixels
        self._model = SentenceModel(config.joint, device=config.device, max_tokens=config.max_tokens)
        self.name = encoder_name("image", config.joint, self._model.version())

    def width(self) -> int:
        """Return the width of its vectors."""
        return self._model.width()

    def prepare(self, value: bytes | Path) -> Image:
        """Return the image in RGB.

        Raises
        ------
        DataError
            If it cannot be decoded or is too large.
        """
        return decode_image(value, max_pixels=self._max_pixels)

    def prepare_frame(self, frame: np.ndarray) -> Image:
        """Return a ``[height, width, 3]`` uint8 picture as an image."""
        return image_of_frame(frame)

    def encode(self, prepared: Sequence[Image]) -> np.ndarray:
        """Return ``[B, E]`` float32 of length 1."""
        return self._model.encode(prepared)
