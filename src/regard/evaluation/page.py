"""A page: one HTML file that needs nothing else. No script, no request, readable on a phone and in print.

A page is a title and a list of sections, each a small frozen value. Everything that comes from data is
escaped, and a content security policy forbids the browser to load anything. It does not know what the
numbers mean, nor how plots are drawn.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from regard.evaluation.style import CSS

__all__ = ["Callout", "Card", "Cards", "Facts", "Figure", "Heading", "Section", "Table", "Text", "write_page"]

_NUMBER = re.compile(r"[<>≤≥=~]?\s*[-+−]?[\d.][\d.,]*\s*%?( to [\d.,]+)?")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a chapter."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Callout:
    """The one sentence to remember."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Key numbers in a row: label and value of each."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Parameters
    ----------
    frame
        One row a line; the first column names it.
    caption
        What it shows; may be empty.
    highlight
        Number of the row to show in colour; None for no such row.
    """

    frame: pl.DataFrame
    caption: str = ""
    highlight: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot.

    Parameters
    ----------
    svg
        An ``<svg>`` element, made by `regard.evaluation.plots`.
    caption
        What it shows, below the plot.
    alt
        The same in words for those who do not see it; by default the caption.
    """

    svg: str
    caption: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One recommendation.

    Parameters
    ----------
    title
        The item.
    note
        A word beside it, for instance its score; may be empty.
    reasons
        Why it is recommended, one sentence each.
    """

    title: str
    note: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cards:
    """The recommendations of one user, best first."""

    title: str
    cards: tuple[Card, ...]
    note: str = ""


Section: TypeAlias = Heading | Text | Callout | Facts | Table | Figure | Cards


def write_page(
    path: str | os.PathLike[str],
    *,
    title: str,
    sections: Sequence[Section],
    subtitle: str = "",
    lang: str = "en",
) -> Path:
    """Write a page to `path`, whole or not at all, and return where it lies.

    Parameters
    ----------
    path
        File to write; its folder is made if need be.
    title, subtitle
        At the top.
    sections
        From top to bottom; figures that follow each other share a row where there is room.
    lang
        Language of the text, as in ``<html lang="...">``.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".part")
    unfinished.write_text(_page(title, subtitle, sections, lang), encoding="utf-8")
    unfinished.replace(target)
    return target


def _page(title: str, subtitle: str, sections: Sequence[Section], lang: str) -> str:
    body: list[str] = []
    figures = 0
    for kind, run in groupby(sections, key=type):
        parts = []
        for section in run:
            figures += isinstance(section, Figure)
            parts.append(_html(section, number=figures))
        body.append(f'<div class="figures">{"".join(parts)}</div>' if kind is Figure else "".join(parts))
    content = "\n".join(body)
    below = f'<p class="subtitle">{escape(subtitle)}</p>' if subtitle else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(lang)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f"<header><h1>{escape(title)}</h1>{below}</header>\n<main>\n{content}\n</main>\n"
        "</body>\n</html>\n"
    )


def _html(section: Section, *, number: int) -> str:
    match section:
        case Heading():
            return f"<h2>{escape(section.text)}</h2>"
        case Text():
            return f"<p>{escape(section.text)}</p>"
        case Callout():
            return f'<p class="callout">{escape(section.text)}</p>'
        case Facts():
            pairs = "".join(
                f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>"
                for label, value in section.pairs
            )
            return f'<dl class="facts">{pairs}</dl>'
        case Table():
            return _table(section)
        case Figure():
            return _figure(section, number)
        case Cards():
            return _cards(section)


def _figure(figure: Figure, number: int) -> str:
    assert figure.svg.lstrip().startswith("<svg")
    # Every plot numbers its clip paths from 0: inside one page the ids must differ.
    svg = re.sub(r'\bid="', f'id="f{number}-', figure.svg)
    svg = re.sub(r"url\(#", f"url(#f{number}-", svg)
    svg = re.sub(r'href="#', f'href="#f{number}-', svg)
    label = escape(figure.alt or figure.caption)
    return (
        f'<figure><div class="plot" role="img" aria-label="{label}">{svg}</div>'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    frame = table.frame
    sides = [' class="number"' if _is_number(frame[name]) else "" for name in frame.columns]
    head = "".join(
        f'<th scope="col"{side}>{escape(name)}</th>' for name, side in zip(frame.columns, sides, strict=True)
    )
    rows = []
    for place, row in enumerate(frame.iter_rows()):
        cells = "".join(
            f'<th scope="row"{side}>{_cell(value)}</th>' if column == 0 else f"<td{side}>{_cell(value)}</td>"
            for column, (value, side) in enumerate(zip(row, sides, strict=True))
        )
        look = ' class="highlight"' if place == table.highlight else ""
        rows.append(f"<tr{look}>{cells}</tr>")
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    return (
        f'<div class="scroll" tabindex="0"><table>{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _is_number(column: pl.Series) -> bool:
    """Whether a column holds numbers, as such or written out: these stand on the right."""
    if column.dtype.is_numeric():
        return True
    if column.dtype != pl.String:
        return False
    texts = [text for text in column.to_list() if text]
    return bool(texts) and all(_NUMBER.fullmatch(text) for text in texts)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, datetime):
        return escape(value.isoformat(sep=" ", timespec="minutes"))
    return escape(value.isoformat() if isinstance(value, date) else str(value))


def _cards(cards: Cards) -> str:
    items = []
    for place, card in enumerate(cards.cards, start=1):
        note = f'<span class="note">{escape(card.note)}</span>' if card.note else ""
        lines = "".join(f"<li>{escape(reason)}</li>" for reason in card.reasons)
        reasons = f"<ul>{lines}</ul>" if lines else ""
        items.append(
            f'<li class="card"><div class="title"><span class="rank">{place}</span>'
            f"<strong>{escape(card.title)}</strong>{note}</div>{reasons}</li>"
        )
    note = f'<p class="about">{escape(cards.note)}</p>' if cards.note else ""
    content = "".join(items)
    heading = f"<h3>{escape(cards.title)}</h3>"
    return f'<section class="user">{heading}{note}<ol class="cards">{content}</ol></section>'
