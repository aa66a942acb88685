"""An index is built from the vectors that the scorer shows."""

from __future__ import annotations

import pytest

from regard.model import Model
from regard.recommend.approx import ApproxConfig
from regard.recommend.indexing import index_of

pytest.importorskip("faiss", reason="the extra approx is not installed")


def test_it_covers_the_catalogue_and_is_the_same_twice(model: Model) -> None:
    config = ApproxConfig(queries=32)
    first, second = index_of(model.recommender, config), index_of(model.recommender, config)
    assert first.inverted.ntotal == len(model.dataset.items)
    assert first.record == second.record
    assert first.record.queries == 16
