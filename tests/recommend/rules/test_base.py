"""What all rules share: values as text, items by id, and which way an item moved."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regard.data.vocab import Vocab
from regard.recommend.rules.base import Moved, Order, number_of, texts
from regard.recommend.rules.context import Context


def test_values_are_compared_as_attributes_are_read() -> None:
    assert texts((1, 1.0, 2.5, True, " Dove ")) == ("1", "1", "2.5", "true", "Dove")


@pytest.mark.parametrize("ids", [[10, 20], ["10", "20"]])
def test_an_item_is_found_by_text_or_number(ids: list[int | str]) -> None:
    context = Context(items=Vocab.of(ids), table=pl.DataFrame({"x": [1, 2]}))
    assert number_of("20", context) == number_of(20, context) == 1
    assert number_of("nothing", context) is None


def test_up_means_nearer_to_the_top_or_into_the_list(asking) -> None:
    def order(*places: int) -> Order:
        chosen = np.argsort(places)[np.sort(places) > 0].tolist()
        return Order(chosen=chosen, place_C=np.array(places), pinned_late={}, over={})

    asked = asking({"x": ["a", "b", "c"]})
    before, after = order(1, 2, 0), order(0, 1, 2)
    ups = [Moved(asked=asked, candidate=one, before=before, after=after).up for one in range(3)]
    assert ups == [False, True, True]
    assert after.before(2) == [1]
    assert after.before(0) == [1, 2]
