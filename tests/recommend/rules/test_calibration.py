"""Calibration against its definition, and on what it has nothing to say."""

from __future__ import annotations

import numpy as np
import pytest

from regard.recommend.rules.base import Moved
from regard.recommend.rules.calibration import Calibrate, CalibrationTerm, mixes_of
from regard.recommend.rules.context import read_tags
from regard.recommend.rules.fill import fill

GENRES = {"genres": [["War"], ["War"], ["War"], ["Drama", "War"], ["Drama"], ["Comedy"], []]}


def _divergence(wanted: dict[str, float], items: list[list[str]]) -> float:
    held = [genres for genres in items if genres]
    total = 0.0
    for name, share in wanted.items():
        own = sum(genres.count(name) / len(genres) for genres in held) / max(len(held), 1)
        total += share * np.log(share / (0.99 * own + 0.01 * share))
    return total


def test_it_chooses_by_relevance_less_divergence_of_the_whole_list(asking) -> None:
    asked = asking(GENRES, history=(0, 4, 4, 6))
    strength, chosen = 0.4, []
    wanted = {"War": 1 / 3, "Drama": 2 / 3}
    while len(chosen) < 5:
        rest = [one for one in range(7) if one not in chosen]

        def worth(one: int, before: tuple[int, ...] = tuple(chosen)) -> float:
            items = [GENRES["genres"][place] for place in (*before, one)]
            return (1 - strength) * asked.relevance_C[one] - strength * _divergence(wanted, items)

        chosen.append(max(rest, key=worth))
    rule = Calibrate(column="genres", strength=strength)
    assert fill(asked, [rule.effect(asked)], k=5).chosen == chosen
    assert chosen != [0, 1, 2, 3, 4]


def test_it_says_which_category_is_short_or_plenty(asking) -> None:
    asked = asking(GENRES, history=(0, 4, 4, 6))
    effect = Calibrate(column="genres", strength=0.9).effect(asked)
    before, after = fill(asked, [], k=3), fill(asked, [effect], k=3)
    moved = {one: Moved(asked=asked, candidate=one, before=before, after=after) for one in range(7)}
    assert after.chosen[:2] == [3, 4]
    assert effect.why(moved[4]) == "genres=Drama is 67% of the history and 50% of what stands before it"
    assert effect.why(moved[2]) == "genres=War is 33% of the history and 50% of what stands before it"
    assert effect.why(moved[5]) == "the history has none of its genres"


def test_a_history_without_categories_is_said(asking) -> None:
    for history in ((), (6,)):
        effect = Calibrate(column="genres", strength=0.4).effect(asking(GENRES, history=history))
        assert effect.term is None
        assert effect.problem == "no item of the history has a value of genres"


def test_an_item_without_a_category_changes_no_mix(asking) -> None:
    tags = read_tags(asking(GENRES).shared.context.table["genres"])
    mixes = mixes_of(tags, tags)
    assert mixes is not None
    term = CalibrationTerm(mixes)
    start = term.bonus()
    assert start[6] == pytest.approx(-np.log(100))
    term.take(6)
    assert term.bonus().tolist() == start.tolist()
