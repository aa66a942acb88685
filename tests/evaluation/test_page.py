"""A page is one file that needs nothing else and believes nothing that data say."""

from __future__ import annotations

import datetime as dt
import re
from html.parser import HTMLParser

import polars as pl
import pytest

from regard.evaluation.page import Callout, Card, Cards, Facts, Figure, Heading, Table, Text, write_page

EVIL = "<script>alert('x')</script> & \"quotes\""
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><clipPath id="clip0"/><g clip-path="url(#clip0)"/></svg>'
EVERYTHING = [
    Heading(EVIL),
    Text(EVIL),
    Callout(EVIL),
    Facts(((EVIL, EVIL),)),
    Table(pl.DataFrame({EVIL: [EVIL]}), caption=EVIL, highlight=0),
    Figure(SVG, EVIL),
    Figure(SVG, "second", alt=EVIL),
    Cards(EVIL, (Card(EVIL, EVIL, (EVIL, "because")), Card("plain")), note=EVIL),
]
VOID = {"meta", "path"}


class Reader(HTMLParser):
    """Notes tags, attributes and text, and that every tag is closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def _read(path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert not reader.open
    return reader


@pytest.fixture
def page(tmp_path):
    return write_page(
        tmp_path / "deep" / "page.html", title=EVIL, subtitle=EVIL, sections=EVERYTHING, lang="en"
    )


def test_what_data_say_is_text_and_nothing_else(page):
    reader = _read(page)
    tags = {tag for tag, _ in reader.tags}
    assert "script" not in tags
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)
    assert reader.text.count(EVIL) == 17


def test_nothing_is_loaded_from_anywhere(page):
    html = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert not re.search(r"(?:src|href)=|@import|url\((?!#)", html.replace("default-src ", ""))


def test_it_names_its_language_scales_to_phones_and_describes_its_plots(page):
    tags = _read(page).tags
    assert ("html", {"lang": "en"}) in tags
    assert any(attributes.get("name") == "viewport" for _, attributes in tags)
    labels = [attributes["aria-label"] for _, attributes in tags if attributes.get("role") == "img"]
    assert labels == [EVIL, EVIL]
    assert [attributes["scope"] for tag, attributes in tags if tag == "th"] == ["col", "row"]


def test_ids_of_different_plots_do_not_collide(page):
    html = page.read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == 2
    assert re.findall(r"url\(#([^)]+)\)", html) == ids


def test_figures_that_follow_each_other_share_a_row(page):
    assert page.read_text(encoding="utf-8").count('<div class="figures">') == 1


def test_cells_are_written_for_people(tmp_path):
    frame = pl.DataFrame(
        {
            "name": ["a", "b"],
            "float": [1234.56789, None],
            "id": [1193, 5],
            "text": ["< .001", "12%"],
            "day": [dt.date(2020, 1, 2), None],
            "time": [dt.datetime(2020, 1, 2, 3, 4, 5), None],
            "mixed": ["1", "one"],
        }
    )
    html = write_page(tmp_path / "page.html", title="t", sections=[Table(frame)]).read_text(encoding="utf-8")
    for cell in ("1,235", ">1193<", "&lt; .001", "2020-01-02<", "2020-01-02 03:04<", ">–<"):
        assert cell in html
    sides = re.findall(r'<th scope="col"( class="number")?>', html)
    assert [bool(side) for side in sides] == [False, True, True, True, False, False, False]


def test_a_page_is_replaced_whole(tmp_path):
    path = tmp_path / "page.html"
    write_page(path, title="first", sections=[])
    assert write_page(str(path), title="second", sections=[]) == path
    assert "second" in path.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
