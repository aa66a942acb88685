"""Explanations are true: planted causes come first, a random model gives random ones, nothing crashes."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from regard.data.histories import Histories
from regard.data.sources.synthetic import SyntheticWorld
from regard.data.vocab import Vocab
from regard.explain.asking import known_item, one_history
from regard.explain.contrast import contrast
from regard.explain.counterfactual import beam, greedy
from regard.explain.curves import curves
from regard.explain.explanation import explain
from regard.explain.methods.base import Method
from regard.explain.methods.book import METHODS
from regard.explain.question import Question
from regard.model import Model
from regard.models.blend import Blend, BlendScorer
from regard.models.causal import CausalConfig, CausalModel
from regard.recommend.recommender import Recommender

FAITHFUL = [method for method in METHODS if method.faithful]
ASKED = 100


def planted(
    model: Model, world: SyntheticWorld, recommender: Recommender | None = None, *, count: int = ASKED
) -> list[Question]:
    """Questions about effects whose cause is in the history."""
    made, served = world.planted_histories(count, seed=1), recommender or model.recommender
    return [
        question(model, history, effect, served)
        for history, effect in zip(made.histories, made.effect, strict=True)
    ]


def question(model: Model, history: list[str], item: str, recommender: Recommender | None = None) -> Question:
    served = recommender or model.recommender
    whole, _ = one_history(served, user=None, history=history, times=None)
    return Question.of(served, whole, known_item(item, served, model.dataset.titles()))


def named_first(method: Method, questions: list[Question], positions: list[int]) -> int:
    first = [method.attribute(one, 0).order()[0] for one in questions]
    return int((np.array(first) == positions).sum())


@pytest.mark.parametrize("method", FAITHFUL, ids=lambda one: one.name)
def test_a_method_that_claims_to_be_faithful_names_the_planted_cause_first_in_95_of_100(
    method: Method, model: Model, world: SyntheticWorld
) -> None:
    positions = world.planted_histories(ASKED, seed=1).position
    assert named_first(method, planted(model, world), positions) >= 95


@pytest.mark.parametrize("method", FAITHFUL, ids=lambda one: one.name)
def test_explanations_of_a_random_model_look_random(
    method: Method, model: Model, world: SyntheticWorld
) -> None:
    """Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018): weights must matter."""
    network = copy.deepcopy(model.network)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.normal_(std=0.1)
    silent = Blend.none(model.recommender.scorer.num_items)
    random = replace(model, network=network, blend=silent).recommender
    few = ASKED // 2
    made = world.planted_histories(few, seed=1)
    chance = float(np.mean([1 / len(history) for history in made.histories]))
    spread = np.sqrt(chance * (1 - chance) / few)
    found = named_first(method, planted(model, world, random, count=few), made.position) / few
    assert found <= chance + 4 * spread


@pytest.mark.parametrize("method", METHODS, ids=lambda one: one.name)
def test_an_explanation_never_crashes(method: Method, model: Model, world: SyntheticWorld) -> None:
    ordinary = world.items.filter(world.items["group"].is_not_null())["item_id"].to_list()
    for history in ([ordinary[0]], [ordinary[3], "never heard of"], ordinary[:3] * 2, ordinary[:60]):
        last = question(model, history, "effect-00")  # without its cause it is far down
        found = method.attribute(last, 0)
        assert np.isfinite(found.value_E).all()
        assert all(0 <= value <= 1 for value in curves(last, found.order()).measures().values())


def test_searches_and_contrasts_answer_every_question(model: Model) -> None:
    titles = model.dataset.titles()
    for history in (["item-0-00"], ["item-0-00", "never heard of"]):
        asked = question(model, history, "effect-00")
        assert asked.whole.rank_U[0] > asked.k
        assert not greedy(asked).found
        assert not beam(asked).found
    for history in ([], ["never heard of"], ["item-0-00"]):
        found = contrast(
            model.recommender, item="item-0-01", other="effect-00", titles=titles, history=history
        )
        assert np.isfinite(found.difference)
        assert found.tell("zh")
        assert model.explain(history=history, item="effect-00").tell("zh")


@pytest.mark.parametrize("method", METHODS, ids=lambda one: one.name)
def test_an_item_outside_the_first_thousand_is_answered_too(method: Method) -> None:
    torch.manual_seed(0)
    size = 1_200
    network = CausalModel(CausalConfig(width=8, max_length=20), num_items=size).eval()
    items = Vocab(pl.Series("item_id", range(size)))
    served = Recommender(
        scorer=BlendScorer(network, Blend.none(size)),
        users=Vocab(pl.Series("user_id", ["a", "cold"])),
        items=items,
        histories=Histories.of([[5, 6, 7], []]),
        known_V=np.ones(size, dtype=np.bool_),
        popularity_V=np.arange(size),
    )
    for history in ([5], [5, 6, 7]):
        whole = Histories.of([history])
        last = int(served.rank(whole, k=size - len(history)).item_UK[0, -1])
        asked = Question.of(served, whole, last)
        assert asked.whole.rank_U[0] > 1_000
        found = method.attribute(asked, 0)
        assert np.isfinite(found.value_E).all()
        assert all(0 <= value <= 1 for value in curves(asked, found.order()).measures().values())
        assert not beam(asked).found
    for user in ("a", "cold"):
        told = explain(served, item=0, titles=items.ids.cast(pl.String), user=user)
        assert np.isfinite(told.together)
        assert told.text
