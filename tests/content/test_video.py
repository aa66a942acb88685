"""A few frames of a clip, the typical ones above all, make its vector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.content.conftest import clip

from regard.content.config import ContentConfig
from regard.content.image import ImageEncoder
from regard.content.video import VideoEncoder, pool_frames, read_frames
from regard.errors import DataError

RED, BLUE = (220, 20, 20), (20, 20, 220)


def test_frames_are_spread_over_the_whole_clip(tmp_path: Path) -> None:
    frames = read_frames(clip(tmp_path / "a.mp4", [RED, BLUE]), frames=4, max_pixels=10_000)

    means = np.stack([frame.reshape(-1, 3).mean(0) for frame in frames])
    assert len(frames) == 4
    assert (means[:2, 0] > means[:2, 2]).all()
    assert (means[2:, 2] > means[2:, 0]).all()


def test_a_clip_shorter_than_the_frames_wanted_gives_what_it_has(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", [RED], frames_each=2)

    assert 1 <= len(read_frames(path, frames=8, max_pixels=10_000)) <= 2


@pytest.mark.parametrize("wanted", [1, 8])
def test_a_clip_of_one_frame_gives_that_frame(tmp_path: Path, wanted: int) -> None:
    path = clip(tmp_path / "a.mp4", [RED], frames_each=1)

    assert len(read_frames(path, frames=wanted, max_pixels=10_000)) == 1


def test_bytes_are_read_like_a_file(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", [RED, BLUE])

    of_file, of_bytes = (
        read_frames(source, frames=3, max_pixels=10_000) for source in (path, path.read_bytes())
    )
    assert all(np.array_equal(one, other) for one, other in zip(of_file, of_bytes, strict=True))


def test_clips_that_show_the_same_lie_nearer_than_others(tmp_path: Path) -> None:
    config = ContentConfig(frames=3)
    encoder = VideoEncoder(config, ImageEncoder(config))
    paths = [clip(tmp_path / f"{n}.mp4", colours) for n, colours in enumerate([[RED], [RED, RED], [BLUE]])]

    red, also_red, blue = encoder.encode([encoder.prepare(path) for path in paths])

    assert red @ also_red > red @ blue
    assert np.linalg.norm(red) == pytest.approx(1, abs=1e-5)


def test_a_title_frame_hardly_counts() -> None:
    frames = np.array([[1.0, 0.0]] * 5 + [[0.0, 1.0]])

    assert pool_frames(frames, temperature=0.1)[0] > 0.99
    assert pool_frames(frames, temperature=100.0)[1] > 0.15


@pytest.mark.parametrize("source", [b"no video at all", b""])
def test_what_is_no_video_gives_a_reason(source: bytes) -> None:
    with pytest.raises(DataError, match="video"):
        read_frames(source, frames=2, max_pixels=10_000)


def test_a_clip_that_is_cut_off_gives_frames_or_a_reason(tmp_path: Path) -> None:
    whole = clip(tmp_path / "a.mp4", [RED, BLUE]).read_bytes()

    try:
        frames = read_frames(whole[: len(whole) // 2], frames=2, max_pixels=10_000)
    except DataError:
        return
    assert frames
