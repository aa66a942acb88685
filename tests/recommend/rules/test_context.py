"""What rules may know of items: attributes as text, times, first events; and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.data.fields import parse_fields
from regard.data.packing import NO_TIME
from regard.data.prepare import prepare
from regard.data.sources.public import read_public
from regard.data.vocab import Vocab
from regard.errors import ConfigError
from regard.recommend.rules.context import Context, Tags, nearest, read_tags


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (pl.Series([3.0, None, float("nan"), 2.5]), ("2.5", "3")),
        (pl.Series([True, False, None, None]), ("false", "true")),
        (pl.Series([" a", "", "a ", None]), ("a",)),
        (pl.Series([["b", "a"], [], [None], None]), ("a", "b")),
        (pl.Series([["b", "b"], ["a"], [], []], dtype=pl.List(pl.Categorical)), ("a", "b")),
        (pl.Series([[1, 2]] * 4, dtype=pl.Array(pl.Int64, 2)), ("1", "2")),
        (pl.Series([None] * 4), ()),
    ],
)
def test_values_of_every_type_become_text_and_nothing_is_missing(
    values: pl.Series, names: tuple[str, ...]
) -> None:
    tags = read_tags(values)
    assert tags.names == names
    assert len(tags.offset_I1) == 5
    assert tags.table().shape == (4, len(names))


def test_a_column_that_is_neither_category_nor_set_is_refused() -> None:
    with pytest.raises(ConfigError, match="'box' is neither a category nor a set"):
        read_tags(pl.Series("box", [{"a": 1}]))


def test_taking_items_leaves_only_their_values() -> None:
    tags = read_tags(pl.Series(["a|c", "b", None]), separator="|")
    taken = tags.taken(np.array([2, 0]))
    assert isinstance(taken, Tags)
    assert taken.names == ("a", "c")
    assert taken.table().tolist() == [[False, False], [True, True]]


def test_times_separators_and_first_events_come_from_a_real_log(shared_data: Path) -> None:
    data = read_public("ml-100k", shared_data / "ml-100k")
    assert data.items is not None
    items = data.items.with_columns(
        pl.col("genres").list.join("|"),
        pl.lit(date(1995, 1, 1)).alias("released"),
        pl.lit("1996-01-01").alias("bought"),
        pl.lit("x").alias("shelf"),
    )
    dataset = prepare(data.events, items=items).dataset
    fields = parse_fields(["genres=set:|", "bought=time"])
    context = Context.of(dataset, fields=fields.items)
    toy_story = dataset.items.encode([1])
    assert context.tags("genres", toy_story).of(0) == ["Animation", "Children's", "Comedy"]
    assert context.time_of("released", toy_story) == 788_918_400 * 10**6
    assert context.time_of("bought", toy_story) == 820_454_400 * 10**6
    mine = data.events.filter(pl.col("item_id") == 1)["timestamp"].min()
    assert context.time_of(None, toy_story) == mine * 10**6
    assert context.now == data.events["timestamp"].max() * 10**6
    assert context.title(int(toy_story[0])) == "Toy Story (1995)"
    with pytest.raises(ConfigError, match=r"'shelf' is not known to hold times.*\"shelf\": \"time\""):
        context.need_time("shelf")


def test_what_is_not_there_is_refused_with_the_nearest_name() -> None:
    context = Context(items=Vocab.of([1]), table=pl.DataFrame({"brand": ["x"]}))
    with pytest.raises(ConfigError, match="no column 'brnad'; did you mean 'brand'"):
        context.need_column("brnad")
    with pytest.raises(ConfigError, match="no item vectors"):
        context.need_vectors()
    with pytest.raises(ConfigError, match="first seen"):
        context.need_time(None)
    assert nearest("zzz", ["brand"]) == "there are: brand"


def test_an_item_without_events_was_never_seen(shared_data: Path) -> None:
    data = read_public("ml-100k", shared_data / "ml-100k")
    dataset = prepare(data.events, items=data.items).dataset
    context = Context.of(dataset.part(dataset.histories.latest(1)))
    assert context.first_seen_V is not None
    assert (context.first_seen_V == NO_TIME).any()
