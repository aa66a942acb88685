"""Counterfactuals are checked by models that never learned from the events, beside two controls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from regard.data.histories import Histories
from regard.data.sources.synthetic import SyntheticWorld
from regard.explain.asking import known_item, one_history
from regard.explain.edits import edited
from regard.explain.question import Question
from regard.explain.retraining import check_by_retraining, forgetting
from regard.model import Model
from regard.recommend.fallback import PopularityFallback
from regard.recommend.recommender import Recommender


def about_effects(model: Model, world: SyntheticWorld, count: int) -> list[Question]:
    """Questions about items that come first because of one planted event."""
    served, titles = model.recommender, model.dataset.titles()
    made, found = world.planted_histories(50, seed=1), []
    for history, effect in zip(made.histories, made.effect, strict=True):
        whole, _ = one_history(served, user=None, history=history, times=None)
        question = Question.of(served, whole, known_item(effect, served, titles), k=1)
        if question.whole.rank_U[0] == 1:
            found.append(question)
    return found[:count]


def test_a_model_that_forgets_nothing_agrees_with_the_one_that_was_asked(
    model: Model, world: SyntheticWorld
) -> None:
    asked: list[tuple[int, int]] = []

    def same(removed: Histories | None, more: int) -> Recommender:
        asked.append((0 if removed is None else removed.num_events, more))
        return model.recommender

    found = check_by_retraining(about_effects(model, world, 3), same)
    assert (found.asked, found.users, found.left, found.left_again) == (3, 3, 3, 0)
    assert found.size == 1.0
    assert asked == [(1, 0), (1, 0), (0, 1), (1, 0), (1, 0), (1, 0), (1, 0)]


def test_controls_show_what_is_not_due_to_the_set(model: Model, world: SyntheticWorld) -> None:
    """A model that knows no user lets every item go, whatever is left out."""
    served = model.recommender
    popular = replace(served, scorer=PopularityFallback(served.popularity_V))
    found = check_by_retraining(about_effects(model, world, 3), lambda removed, more: popular)
    assert found.left == found.left_random == found.left_again == 3


def test_only_the_events_of_the_set_are_forgotten(model: Model) -> None:
    log = model.dataset.histories
    row = log.of_users().take(np.array([7]))
    gone_E = np.zeros((1, row.num_events), dtype=np.bool_)
    gone_E[0, [0, 2]] = True
    left = forgetting(log, edited(row, gone_E))
    assert left.num_events == log.num_events - 2
    assert left.items_of(7).tolist() == np.delete(log.items_of(7), [0, 2]).tolist()
    assert left.items_of(8).tolist() == log.items_of(8).tolist()


def test_a_history_of_one_event_is_not_emptied(model: Model, world: SyntheticWorld) -> None:
    question = about_effects(model, world, 1)[0]
    one = question.about(question.history.latest(1))
    found = check_by_retraining([one], lambda removed, more: model.recommender)
    assert (found.users, found.size) == (0, None)
