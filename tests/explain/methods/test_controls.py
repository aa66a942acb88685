"""Controls know nothing of the model."""

from __future__ import annotations

from tests.explain.questions import linear, question_of

from regard.explain.methods.controls import latest_first, random_order


def test_the_same_seed_draws_the_same_and_another_another() -> None:
    question = question_of(linear(), [3, 1, 4, 9, 5], 7)
    assert random_order(question, 1).value_E.tolist() == random_order(question, 1).value_E.tolist()
    assert random_order(question, 1).value_E.tolist() != random_order(question, 2).value_E.tolist()
    other = question_of(linear(), [3, 1, 4, 9, 6], 7)
    assert random_order(question, 1).value_E.tolist() != random_order(other, 1).value_E.tolist()


def test_the_latest_event_comes_first() -> None:
    assert latest_first(question_of(linear(), [3, 1, 4], 7)).order().tolist() == [2, 1, 0]
