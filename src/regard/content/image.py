"""Images to vectors: Pillow decodes, a network of `regard.content.networks` looks.

An image is turned as its EXIF data say, laid on white where it is transparent, and squeezed to the square
that the network wants: cropping would cut off the edges of posters and of products. Only formats that hold
pixels are opened, and the number of pixels is known before any is decoded.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from regard.content.config import ContentConfig
from regard.content.encoder import unit
from regard.content.find import encoder_name, find_weights, hash_of
from regard.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image

    from regard.content.networks import ImageNetwork

__all__ = ["ImageEncoder", "decode_image", "image_of_frame"]

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
STEPS: Final = "turned, on white, squeezed, bicubic, mean of the last map: 1"


def decode_image(source: bytes | Path, *, max_pixels: int) -> Image:
    """Decode an image to RGB.

    Raises
    ------
    DataError
        If it cannot be decoded or has more than `max_pixels`, with the reason.
    """
    pillow, ops = _pillow()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = pillow.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)
            with opened as image:
                if image.width * image.height > max_pixels:
                    size = f"{image.width:,} x {image.height:,} pixels"
                    raise DataError(f"{size} are more than {max_pixels:,}")
                plain: Image = _plain(ops.exif_transpose(image), pillow)
                return plain
    except DataError:
        raise
    # A damaged file makes Pillow raise anything: OSError, SyntaxError, ValueError, struct.error, ...
    except Exception as error:
        raise DataError(f"cannot be decoded as an image: {error}") from error


def image_of_frame(frame: np.ndarray) -> Image:
    """Return ``[height, width, 3]`` uint8 pixels as an image."""
    image: Image = _pillow()[0].fromarray(frame)
    return image


class ImageEncoder:
    """Makes vectors of images with a network of which the weights lie in a file.

    Parameters
    ----------
    config
        Names the weights (`ContentConfig.image`) and their network (`ContentConfig.image_network`).

    Raises
    ------
    ConfigError
        If there are no such weights.
    """

    def __init__(self, config: ContentConfig) -> None:
        self._config = config
        self._path = find_weights(config.image)
        version = hash_of([self._path], config.image_network, STEPS)
        self.name = encoder_name("image", config.image, version)

    def width(self) -> int:
        """Return the width of its vectors."""
        size = self._network.size
        return int(self.encode([np.zeros((3, size, size), dtype=np.float32)]).shape[1])

    def prepare(self, value: bytes | Path) -> np.ndarray:
        """Return ``[3, size, size]`` float32, normalised.

        Raises
        ------
        DataError
            If the image cannot be decoded or is too large.
        """
        return self._pixels(decode_image(value, max_pixels=self._config.max_pixels))

    def prepare_frame(self, frame: np.ndarray) -> np.ndarray:
        """Return ``[3, size, size]`` float32 for a ``[height, width, 3]`` uint8 picture."""
        return self._pixels(image_of_frame(frame))

    def encode(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """Return ``[B, E]`` float32 of length 1."""
        import torch

        pixels = torch.from_numpy(np.stack(prepared)).to(self._config.device)
        with torch.inference_mode():
            features = self._network.features(pixels)
            pooled = features.mean((2, 3)) if features.ndim == 4 else features
        return unit(pooled.float().cpu().numpy())

    def _pixels(self, image: Image) -> np.ndarray:
        network = self._network
        small = image.resize((network.size, network.size), _pillow()[0].Resampling.BICUBIC)
        pixels = np.asarray(small, dtype=np.float32) / 255
        mean, deviation = np.array(network.mean, np.float32), np.array(network.deviation, np.float32)
        normal = (pixels - mean) / deviation
        return np.ascontiguousarray(normal.transpose(2, 0, 1))

    @cached_property
    def _network(self) -> ImageNetwork:
        from regard.content.networks import load_network

        config = self._config
        return load_network(self._path, network=config.image_network, device=config.device)


def _plain(image: Image, pillow: Any) -> Image:
    """Make an image RGB, laid on white where it is transparent."""
    if image.has_transparency_data:
        white = pillow.new("RGBA", image.size, "white")
        image = pillow.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")


def _pillow() -> tuple[Any, Any]:
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise MissingExtraError("pillow", "content") from None
    return Image, ImageOps
