"""Content becomes vectors once: equal values share one, kept ones are not computed again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.content.conftest import clip, picture

from regard.content.config import ContentConfig
from regard.content.vectors import vectors_of
from regard.errors import DataError

TEXTS = ["red lipstick", "blue toy train", None, "red  lipstick", "", "garden chair", "oak table", "lamp"]


def test_equal_texts_are_encoded_once_and_missing_ones_have_no_vector(config: ContentConfig) -> None:
    found = vectors_of(TEXTS, kind="text", config=config, where="x")

    assert found.present_R.tolist() == [True, True, False, True, False, True, True, True]
    assert (found.value_RE[2] == 0).all()
    assert np.array_equal(found.value_RE[0], found.value_RE[3])
    assert (found.computed, found.reused) == (5, 0)
    assert len(found) == len(TEXTS)


def test_a_second_run_computes_nothing_and_returns_the_same_bits(config: ContentConfig) -> None:
    first = vectors_of(TEXTS, kind="text", config=config, where="x")

    second = vectors_of([*TEXTS, "a new one"], kind="text", config=config, where="x")

    assert (second.computed, second.reused) == (1, 5)
    assert np.array_equal(second.value_RE[: len(TEXTS)], first.value_RE)


def test_a_run_that_was_stopped_goes_on_where_it_was(config: ContentConfig) -> None:
    def stop(done: int, total: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vectors_of(TEXTS, kind="text", config=config, where="x", progress=stop)

    later = vectors_of(TEXTS, kind="text", config=config, where="x")
    assert later.reused >= 2
    assert later.computed == 5 - later.reused


def test_progress_ends_with_all_values(config: ContentConfig) -> None:
    said: list[tuple[int, int]] = []

    vectors_of(TEXTS, kind="text", config=config, where="x", progress=lambda *now: said.append(now))

    assert said[0] == (0, 5)
    assert said[-1] == (5, 5)


def test_bad_images_are_missing_and_said_and_the_others_have_vectors(
    config: ContentConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "good.png").write_bytes(picture("red"))
    (folder / "cut.png").write_bytes(picture("red")[:50])

    found = vectors_of(
        ["good.png", "cut.png", "none.png", picture("blue"), None],
        kind="image", config=config, where="x", folder=folder,
    )  # fmt: skip

    assert found.present_R.tolist() == [True, False, False, True, False]
    assert [problem.row for problem in found.problems] == [1, 2]
    assert "decoded" in found.problems[0].reason
    assert "no such file" in found.problems[1].reason


def test_a_path_that_leaves_the_folder_stops_the_run(config: ContentConfig, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 0"):
        vectors_of(["../a.png"], kind="image", config=config, where="x", folder=tmp_path)


def test_videos_have_vectors_of_the_images_width(config: ContentConfig, tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4", [(200, 0, 0)])

    found = vectors_of(["a.mp4", b"no video"], kind="video", config=config, where="x", folder=tmp_path)

    assert found.present_R.tolist() == [True, False]
    assert found.value_RE.shape == (2, 1280)


def test_where_no_value_is_there_the_width_is_known_all_the_same(config: ContentConfig) -> None:
    assert vectors_of([None, ""], kind="text", config=config, where="x").value_RE.shape == (2, 384)
