"""A real network looks at images; damaged ones give a reason, never a crash."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.content.conftest import picture

from regard.content.config import ContentConfig
from regard.content.image import ImageEncoder, decode_image
from regard.errors import DataError


@pytest.fixture(scope="module")
def encoder() -> ImageEncoder:
    return ImageEncoder(ContentConfig())


def vector(encoder: ImageEncoder, source: bytes) -> np.ndarray:
    return np.asarray(encoder.encode([encoder.prepare(source)])[0])


def test_the_same_picture_in_another_format_lies_nearer_than_another_picture(encoder: ImageEncoder) -> None:
    red, jpeg = vector(encoder, picture("red")), vector(encoder, picture("red", kind="JPEG"))

    assert red @ jpeg > red @ vector(encoder, picture("blue"))
    assert np.linalg.norm(red) == pytest.approx(1, abs=1e-5)
    assert encoder.width() == len(red)


def test_posters_have_finite_vectors_that_differ(encoder: ImageEncoder, shared_data: Path) -> None:
    with tarfile.open(shared_data / "ml-100k" / "posters.tar") as archive:
        members = [member for member in archive.getmembers()[:12] if member.isfile()]
        posters = [archive.extractfile(member).read() for member in members]  # type: ignore[union-attr]
    vectors = np.stack([vector(encoder, poster) for poster in posters])

    assert np.isfinite(vectors).all()
    assert (vectors @ vectors.T)[~np.eye(len(vectors), dtype=bool)].max() < 0.99


@pytest.mark.parametrize("source", [b"no image", picture("red")[:60], b"\x89PNG\r\n\x1a\n"])
def test_what_cannot_be_decoded_gives_a_reason(source: bytes) -> None:
    with pytest.raises(DataError, match="cannot be decoded"):
        decode_image(source, max_pixels=10_000)


def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(DataError, match="more than 100"):
        decode_image(picture("red"), max_pixels=100)


def test_what_is_transparent_lies_on_white() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (2, 2), (255, 0, 0, 0)).save(buffer, format="PNG")

    assert decode_image(buffer.getvalue(), max_pixels=100).getpixel((0, 0)) == (255, 255, 255)
