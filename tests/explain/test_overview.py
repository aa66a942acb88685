"""What drives a model is what drives its explanations, added up."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from tests.explain.questions import Linear, V, blended, linear, recommender_of

from regard.data.histories import Histories
from regard.explain.overview import neighbours, overview
from regard.model import Model

TITLES = pl.Series([f"Film {item}" for item in range(V)])


def test_the_item_that_moves_the_model_leads_and_latest_events_are_told_apart() -> None:
    weight = torch.zeros(V, V)
    weight[4, 7] = 6.0
    rng = np.random.default_rng(0)
    histories = Histories.of([[*rng.permutation(4)[:2].tolist(), 4] for _ in range(20)] + [[0, 1]] * 5)
    found = overview(recommender_of(Linear(weight)), histories, titles=TITLES, users=25)
    assert found.users == 25
    first = found.items.row(0, named=True)
    assert (first["item_id"], first["title"], first["events"]) == ("i04", "Film 4", 20)
    assert (first["named"], first["example"]) == (1.0, "Film 7")
    ago = dict(found.ago.select("ago", "influence").iter_rows())
    assert ago[0] > 1 > abs(ago[1])
    assert found.segments["users"].sum() == 25
    assert found.segments["silent"].to_list() == [pytest.approx(0.2)]
    assert found.attributes.is_empty()


def test_attributes_are_added_up_for_a_model_that_reads_them(coloured: Model) -> None:
    found = overview(
        coloured.recommender, coloured.recommender.histories, titles=coloured.dataset.titles(), users=15
    )
    assert set(found.attributes["field"]) == {"item_id", "colour", "price"}
    assert found.attributes["item"].is_sorted(descending=True)


def test_neighbours_are_those_of_each_part() -> None:
    scorer = blended()
    found = neighbours(recommender_of(scorer), "i03", titles=TITLES, count=4)
    vectors = torch.nn.functional.normalize(scorer.encoder.items.weight.detach()[:V], dim=1)
    cosine = (vectors @ vectors[3]).numpy()
    cosine[3] = -1
    assert found["vectors"]["item_id"][0] == f"i{int(cosine.argmax()):02}"
    assert found["vectors"]["likeness"][0] == pytest.approx(cosine.max(), abs=1e-5)
    memory = scorer.blend.memory
    assert memory is not None
    assert set(found["memory"]["item_id"]) <= {f"i{int(place) + 1:02}" for place in memory.neighbour_CK[2]}
    assert neighbours(recommender_of(scorer), "i00", titles=TITLES)["memory"].is_empty()
    assert neighbours(recommender_of(linear()), "i03", titles=TITLES) == {}
