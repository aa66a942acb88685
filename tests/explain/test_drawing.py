"""Drawings are well-formed, escaped, and show what they are given."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import polars as pl

from regard.explain.drawing import ROWS, heat_map, labels_of, timeline

SVG = "{http://www.w3.org/2000/svg}"


def events(influence: list[float], *, title: str = "Film") -> pl.DataFrame:
    count = len(influence)
    return pl.DataFrame(
        {
            "position": np.arange(count),
            "title": [f"{title} {place}" for place in range(count)],
            "time": pl.Series([None] * count, dtype=pl.Datetime("us", "UTC")),
            "influence": influence,
            "attention": [1 / count] * count,
        }
    )


def test_bars_go_right_for_and_left_against() -> None:
    root = ElementTree.fromstring(timeline(events([2.0, -1.0, 0.0])))
    bars = {
        bar[0].text: (float(bar.get("x")), float(bar.get("width")))  # type: ignore[arg-type]
        for bar in root.iter(f"{SVG}rect")
        if len(bar)
    }
    zero = bars["+2.00"][0]
    assert bars["-1.00"][0] + bars["-1.00"][1] == zero
    assert bars["+2.00"][1] > 1.9 * bars["-1.00"][1]


def test_only_the_strongest_are_shown_in_order_of_time_and_the_others_counted() -> None:
    drawn = timeline(events([float(place % 50) for place in range(100)]))
    titles = [text.text for text in ElementTree.fromstring(drawn).iter(f"{SVG}text")]
    shown = [int(text.split()[1]) for text in titles if text and text.startswith("Film")]
    assert len(shown) == ROWS
    assert shown == sorted(shown)
    assert "70 more events of smaller influence are not shown" in titles


def test_markup_in_titles_is_text_and_infinite_influence_is_drawn() -> None:
    drawn = timeline(events([np.inf, -np.inf, 0.5], title="<script>&"))
    assert "<script>" not in drawn
    ElementTree.fromstring(drawn)
    assert "nan" not in drawn
    ElementTree.fromstring(timeline(events([1.0], title="很长的中文片名" * 9), language="zh"))


def test_every_head_has_a_row_and_the_latest_events_a_cell() -> None:
    heads = np.full((2, 3, 80), 1 / 80)
    root = ElementTree.fromstring(heat_map(heads, [f"Film {place}" for place in range(80)]))
    cells = [bar for bar in root.iter(f"{SVG}rect") if len(bar)]
    assert len(cells) == 2 * 3 * 60
    assert cells[0][0].text == "Film 20: 0.013"
    assert labels_of("zh").attention == "注意力：并非原因"
