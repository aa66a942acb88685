"""The style sheet knows what pages use, and loads nothing."""

from __future__ import annotations

import re

import polars as pl

from regard.evaluation.page import Callout, Card, Cards, Facts, Figure, Table, write_page
from regard.evaluation.style import CSS


def test_it_loads_nothing_and_is_balanced():
    assert not re.search(r"url\(|@import|@font-face", CSS)
    assert CSS.count("{") == CSS.count("}")
    assert "<" not in CSS


def test_every_class_of_a_page_has_a_look_and_every_look_a_use(tmp_path):
    page = write_page(
        tmp_path / "page.html",
        title="t",
        subtitle="s",
        sections=[
            Callout("c"),
            Facts((("users", "2"),)),
            Table(pl.DataFrame({"n": [1]}), highlight=0),
            Figure("<svg></svg>", "f"),
            Cards("u", (Card("i", "0.5", ("r",)),), note="n"),
        ],
    )
    used = set(re.findall(r'class="([^"]+)"', page.read_text(encoding="utf-8")))
    selectors = " ".join(re.findall(r"([^{};]+)\{", CSS))
    styled = set(re.findall(r"\.([a-z]+)", selectors))
    assert used == styled
