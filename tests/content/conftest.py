"""Pictures and clips that are made, not found, and a configuration whose cache is the test's own."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from regard.content.config import ContentConfig


@pytest.fixture
def config(tmp_path: Path) -> ContentConfig:
    return ContentConfig(cache=tmp_path / "cache", batch=2, keep_every=2)


def picture(colour: str, *, size: int = 64, kind: str = "PNG") -> bytes:
    """A square of one colour with a darker bar."""
    image = Image.new("RGB", (size, size), colour)
    image.paste("black", (0, size // 3, size, size // 2))
    buffer = io.BytesIO()
    image.save(buffer, format=kind)
    return buffer.getvalue()


def clip(path: Path, colours: list[tuple[int, int, int]], *, frames_each: int = 6) -> Path:
    """A video that shows one colour after the other."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=12)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for colour in colours:
            pixels = np.full((64, 64, 3), colour, dtype=np.uint8)
            for _ in range(frames_each):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path
