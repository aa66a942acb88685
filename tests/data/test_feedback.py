"""Feedback: impressions as events, seen by later impressions only."""

from __future__ import annotations

import numpy as np
import pytest

from regard.data.feedback import OUTCOME, Feedback, Past
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.errors import DataError

SHOWN = Impressions.of(
    [[4, 2], [7], [5], [-1, 6]],
    clicked=[[2], [], [5], [6]],
    users=[0, 0, 1, 0],
    times=[10, 20, 15, 20],
)


def past(kind: str) -> Past:
    return Past(kind=kind, action="click", known=Feedback.nothing(), users=3)


def items(histories: Histories) -> list[list[int]]:
    return [histories.items_of(row).tolist() for row in range(len(histories))]


def test_all_that_was_shown_is_an_event_with_its_outcome() -> None:
    histories = Feedback.of(SHOWN, action="click", kind="shown").histories(3)
    assert items(histories) == [[4, 2, 7, 6], [5], []]
    assert histories.fields[OUTCOME][histories.events()].tolist() == [0, 1, 0, 1, 1]


def test_or_only_what_was_clicked() -> None:
    assert items(Feedback.of(SHOWN, action="click", kind="clicked").histories(3)) == [[2, 6], [5], []]


def test_an_impression_sees_strictly_earlier_ones_of_its_user_alone() -> None:
    # What was shown at the same moment is not known yet.
    assert items(past("shown").histories(SHOWN)) == [[], [4, 2], [], [4, 2]]


@pytest.mark.parametrize("kind", ["shown", "clicked"])
def test_a_label_never_reaches_its_own_history(kind: str) -> None:
    other = Impressions.of(
        [[4, 2], [7], [5], [-1, 6]], clicked=[[2], [7], [], []], users=[0, 0, 1, 0], times=[10, 20, 15, 20]
    )
    one, two = past(kind).histories(SHOWN), past(kind).histories(other)
    for row in (0, 2):  # nothing came before them
        assert items(one)[row] == items(two)[row] == []
    assert items(one)[1] == items(two)[1]


def test_feedback_that_is_known_comes_once_however_often_it_is_given() -> None:
    known = past("shown").after(SHOWN)
    later = Impressions.of([[9]], clicked=[[]], users=[0], times=[30])
    assert items(known.after(SHOWN).histories(later)) == items(known.histories(later)) == [[4, 2, 7, 6]]
    assert items(known.histories(SHOWN)) == items(past("shown").histories(SHOWN))


def test_impressions_without_labels_see_what_is_known() -> None:
    bare = Impressions.of([[9]], clicked=[[]], users=[0], times=[15])
    assert items(past("shown").after(SHOWN).histories(bare)) == [[4, 2]]


def test_histories_of_the_log_are_taken_as_they_are_and_missed_where_they_are_not() -> None:
    with pytest.raises(DataError, match="bring a column history"):
        past("given").histories(SHOWN)
    assert items(past("none").histories(SHOWN)) == [[], [], [], []]


def test_where_the_log_brings_histories_feedback_is_known_all_the_same() -> None:
    assert (
        past("given").after(SHOWN).known.item_N.tolist() == past("shown").after(SHOWN).known.item_N.tolist()
    )
    assert len(past("none").after(SHOWN).known.item_N) == 0


def test_what_is_known_of_others_is_nothing_to_who_is_asked_about() -> None:
    every = past("shown").after(SHOWN)
    asked = Impressions.of([[7], [9]], clicked=[[], []], users=[1, -1], times=[99, 99])
    some = every.about(asked)
    assert sorted(some.known.item_N.tolist()) == [5, 7]
    assert items(some.histories(asked)) == items(every.histories(asked)) == [[5], []]
    assert len(past("shown").about(asked).known.item_N) == 0


def test_nothing_is_a_history_of_nobody() -> None:
    assert Feedback.nothing().histories(0).num_events == 0
    assert np.array_equal(Feedback.nothing().histories(2).lengths, [0, 0])
