"""A question is answered as the recommender would, for any part of the history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.explain.questions import V, blended, linear, question_of

from regard.data.histories import Histories
from regard.explain import question as room
from regard.explain.edits import edited
from regard.explain.influence import leave_one_out

HISTORY = [3, 1, 4, 9, 5]


@given(
    item=st.integers(0, V - 1),
    masks=st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=6),
    at_once=st.integers(1, 40),
)
def test_the_rank_is_the_place_in_the_list_that_is_served(
    item: int, masks: list[list[bool]], at_once: int
) -> None:
    question, kept = question_of(linear(), HISTORY, item), np.array(masks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "SCORES_AT_ONCE", at_once)
        answers = question.ask(kept)
    lists = question.recommender.rank(
        edited(question.history, kept), k=V, exclude_seen=False, only_V=question.candidate_V
    ).item_UK
    served = [row.tolist().index(item) + 1 for row in lists]
    assert answers.rank_U.tolist() == served
    np.testing.assert_array_equal(answers.margin_U < 0, answers.rank_U > question.k)


def test_log_probabilities_are_those_that_influence_is_made_of() -> None:
    question = question_of(blended(), HISTORY, 7)
    found = leave_one_out(question.scorer, question.history, 7, known_V=question.recommender.known_V)
    kept = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(
        question.whole.log_probability_U[0] - question.ask(kept).log_probability_U,
        found.influence_E,
        atol=1e-5,
    )


def test_without_events_popularity_answers() -> None:
    question = question_of(linear(), HISTORY, 2)
    none = question.ask(np.zeros((1, 5), dtype=bool))
    assert none.log_probability_U[0] == pytest.approx(np.log(10 / 78))
    assert none.rank_U[0] == 2  # behind item 0; item 1 is more popular too, but the user has had it
    assert question.about(Histories.of([[3]])).length == 1


def test_what_the_user_has_had_is_no_candidate_but_the_item_itself_is() -> None:
    question = question_of(linear(), HISTORY, 4)
    assert not question.candidate_V[[3, 1, 9, 5]].any()
    assert question.candidate_V[4]
    assert question_of(linear(), HISTORY, 4, k=V).whole.margin_U[0] == np.inf
