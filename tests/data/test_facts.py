"""Facts about a column at first sight."""

from __future__ import annotations

import polars as pl

from regard.data.facts import column_facts


def test_empty_text_and_nan_are_missing() -> None:
    assert column_facts(pl.Series("a", ["x", " ", "", None, "x"])).missing == 3
    facts = column_facts(pl.Series("a", [1.0, float("nan"), None, 2.0]))
    assert (facts.missing, facts.count, facts.distinct) == (2, 2, 2)


def test_lists_count_their_members_and_vectors_are_not_compared() -> None:
    assert column_facts(pl.Series("a", [["x", "y"], [], None, ["x"]])).distinct == 2
    assert column_facts(pl.Series("a", [[0.5, 1.0], [0.5, 1.0]])).distinct is None


def test_a_long_column_of_long_texts_is_looked_at_in_part() -> None:
    facts = column_facts(pl.Series("a", ["x" * 10_000] * 50_000))
    assert len(facts.sample) <= 20_000
    assert facts.sample.str.len_chars().max() == 500
