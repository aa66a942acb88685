"""What was computed is there again; what was damaged is noticed, removed and made again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from regard.content.cache import VectorCache

VECTORS = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_kept_vectors_come_back_bit_for_bit(tmp_path: Path) -> None:
    VectorCache(tmp_path / "one").add(["a", "b"], VECTORS)

    found = VectorCache(tmp_path / "one").lookup(["b", "c"])

    assert list(found) == ["b"]
    assert found["b"].tolist() == VECTORS[1].tolist()


def test_nothing_is_known_where_nothing_was_kept(tmp_path: Path) -> None:
    assert VectorCache(tmp_path / "nowhere").lookup(["a"]) == {}
    assert not (tmp_path / "nowhere").exists()


def test_a_part_of_which_a_byte_changed_is_removed_with_a_note(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.add(["a"], VECTORS[:1])
    cache.add(["b"], VECTORS[1:])
    parts = sorted(tmp_path.glob("*.parquet"))
    damaged = bytearray(parts[0].read_bytes())
    damaged[10] ^= 1
    parts[0].write_bytes(bytes(damaged))

    found = cache.lookup(["a", "b"])

    assert len(found) == 1
    assert len(cache.notes) == 1
    assert "damaged" in cache.notes[0]
    assert not parts[0].exists()


def test_a_part_that_was_cut_off_is_removed_with_a_note(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.add(["a"], VECTORS[:1])
    (part,) = tmp_path.glob("*.parquet")
    part.write_bytes(part.read_bytes()[:-4])

    assert cache.lookup(["a"]) == {}
    assert cache.notes
