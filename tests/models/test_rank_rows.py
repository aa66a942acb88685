"""RankRows: parts of impressions keep what belongs to them; scores do not depend on batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.data.columns import Codes
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.models.items import ItemFeatures
from regard.models.rank_rows import RankRows, score_rows
from regard.models.ranker import Ranker, RankerConfig, RankerSpec

SHOWN = Impressions.of([[4, 2, 1], [7], [5, 6]], clicked=[[2], [], [5]], users=[0, 1, 0])


@pytest.fixture
def rows() -> RankRows:
    histories = Histories.of([[1, 2, 3, 4], [], [5, 6]])
    device = Codes(code_R=np.array([1, 1, 1, 2, 3, 3], dtype=np.int32), size=4)
    return RankRows.of(SHOWN, histories, {"device": device}, max_length=3)


def test_histories_are_cut_and_know_whose_they_are_and_when_they_are_asked(rows: RankRows) -> None:
    batch, candidates = rows.batch("cpu")
    assert batch.item_T.tolist() == [2, 3, 4, 5, 6]
    assert batch.user_U.tolist() == [0, 1, 0]
    assert batch.asked_U is not None
    assert batch.asked_U.tolist() == SHOWN.time_I.tolist()
    assert candidates.offsets.tolist() == [0, 3, 4, 6]


def test_a_part_keeps_its_histories_fields_and_labels(rows: RankRows) -> None:
    part = rows.take(np.array([2, 0]))
    batch, candidates = part.batch("cpu")
    assert batch.item_T.tolist() == [5, 6, 2, 3, 4]
    assert candidates.item_K.tolist() == [5, 6, 4, 2, 1]
    assert candidates.fields["device"].code_R.tolist() == [3, 3, 1, 1, 1]
    assert part.labels(("click",))[:, 0].tolist() == [1, 0, 0, 1, 0]


def test_groups_hold_every_impression_once_within_the_budget(rows: RankRows) -> None:
    groups = [group.tolist() for group in rows.groups(np.array([1, 2, 0]), candidates=3)]
    assert groups == [[1, 2], [0]]


def test_scores_come_in_the_order_of_the_candidates_whatever_the_batches(rows: RankRows) -> None:
    torch.manual_seed(0)
    known = ItemFeatures(trained_V=np.ones(9, dtype=bool))
    request = {"device": Codes(code_R=np.zeros(1, dtype=np.int32), size=4)}
    spec = RankerSpec(actions=("click",), items=known, users=known, request=request)
    ranker = Ranker(RankerConfig(width=8, heads=2), spec).eval()
    one, few = (score_rows(ranker, rows, candidates=count) for count in (100, 1))
    np.testing.assert_allclose(one, few, rtol=1e-4, atol=1e-6)
    assert one.shape == (6, 1)
    assert len(np.unique(one.round(6))) == 6
