"""A real encoder of texts: what means the same lies near, and no pickle is ever read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from regard.content.config import ContentConfig
from regard.content.text import TextEncoder, seen
from regard.errors import ConfigError


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder(ContentConfig())


def test_texts_that_mean_the_same_lie_nearer_than_others(encoder: TextEncoder) -> None:
    toys, dolls, war = encoder.encode(
        ["A boy's toys come to life", "Dolls of a child wake up and talk", "A general plans a war at sea"]
    )

    assert toys @ dolls > toys @ war + 0.1


def test_vectors_have_length_one_whoever_shares_the_batch(encoder: TextEncoder) -> None:
    alone = encoder.encode(["red lipstick"])
    together = encoder.encode(["red lipstick", "a much longer text about something else " * 20])

    assert np.linalg.norm(alone) == pytest.approx(1, abs=1e-5)
    assert np.abs(alone[0] - together[0]).max() < 1e-5
    assert encoder.width() == alone.shape[1] == 384


def test_white_space_and_what_lies_beyond_the_limit_are_not_seen() -> None:
    assert seen(" a \n b ", max_tokens=8) == "a b"
    assert len(seen("word " * 10_000, max_tokens=8)) <= 8 * 32


def test_weights_that_are_a_pickle_are_refused(tmp_path: Path) -> None:
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")

    with pytest.raises(ConfigError, match="is a pickle"):
        TextEncoder(ContentConfig(text=str(tmp_path)))


def test_foreign_code_is_refused(tmp_path: Path) -> None:
    modules = [{"idx": 0, "name": "0", "path": "", "type": "my.Own"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))

    with pytest.raises(ConfigError, match=r"my\.Own"):
        TextEncoder(ContentConfig(text=str(tmp_path)))
