"""Which kind a column of text is taken for."""

from __future__ import annotations

import polars as pl
import pytest

from regard.data.facts import column_facts
from regard.data.guess_text import guess_text

MANY = range(40)
CASES = {
    "brand": (["a", "b", "a", "b", "c"], "category"),
    "title": (["Casablanca", "Up", "Jaws"], "text"),
    "job_title": (["nurse", "pilot", "baker"] * 20, "category"),
    "notes": ([f"a gift for someone number {i}" for i in MANY], "text"),
    "名称": ([f"红色的帽子和手套第{i}号" for i in MANY], "text"),
    "genres": (["Drama|War", "War", "Drama|Comedy", "Comedy"], "set"),
    "tags": (["red, blue", "blue, green", "green, red", "red", "blue, red"], "set"),
    "labels": (["['a', 'b']", "['b']", "['c']"], "set"),
    "released": (["01-Jan-1995", "02-Feb-1996"], "time"),
    "bought": (["12/1/2010 8:26", "12/13/2010 8:28", "12/30/2010 9:00"], "time"),
    "added": (["2020-01-31", "2020-02-01T10:00:00Z"], "time"),
    "cost_text": (["$12.99", "12,99 EUR", "£3"], "price"),
    "price": (["12.99", "n/a", "3"], "price"),
    "size": (["12.5", "13", "nan"], "number"),
    "flag": (["0", "1", "1"], "category"),
    "zip_code": (["07001", "10001", "07001", "10001"], "category"),
    "cover": (["a/1.jpg", "a/2.PNG"], "image"),
    "trailer": (["1.mp4", "2.webm"], "video"),
    "homepage": (["http://a.org/x", "https://b.org"], "ignore"),
    "picture": (["https://a.org/1.jpg", "https://a.org/2.jpg?w=3"], "ignore"),
    "embedding": (["[0.1, 0.2]", "[0.3, -0.4]"], "vector"),
    "sku": ([f"X{i}" for i in MANY], "ignore"),
    "crew": (["[{'id': 1, 'name': 'A'}]", "[]", "[{'id': 2, 'name': 'B'}]"], "text"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_column_of_text_is_taken_for_its_kind(name: str) -> None:
    values, kind = CASES[name]
    field = guess_text(column_facts(pl.Series(name, values)))
    assert field.kind == kind, field.reason
    assert field.reason


def test_a_few_words_among_numbers_leave_it_a_number_and_are_counted_in_the_reason() -> None:
    field = guess_text(column_facts(pl.Series("size", [f"{i}.5" for i in range(999)] + ["large"])))
    assert field.kind == "number"
    assert "1 of 1,000 values are no numbers" in field.reason


def test_the_reason_of_a_picture_on_the_web_says_what_to_do() -> None:
    field = guess_text(column_facts(pl.Series("p", ["https://a.org/1.jpg"])))
    assert "download them" in field.reason
