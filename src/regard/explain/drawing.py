"""Drawing: an explanation as SVG: a timeline of the history with bars, and a heat map of the heads.

Plain SVG by hand: no library, no script, nothing is loaded. Measured influence has the wide bars in colour;
attention is a second, grey layer beside them with its own label, because it is where the model looked and not
why. Text is escaped, numbers stand in the titles that a pointer shows. It measures nothing.

Shape letters: E events, L layers, N heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import polars as pl

__all__ = ["ROWS", "Labels", "heat_map", "labels_of", "timeline"]

ROWS = 30
"""Events that a timeline shows: those of the greatest influence, in order of time."""

_COLUMNS = 60  # events that a heat map shows: the latest
_FOR, _AGAINST, _LOOKED, _INK, _SOFT, _LINE = "#2f6db5", "#c8742b", "#9aa3ad", "#1d2430", "#667180", "#d9dee4"
_FONT = "font-family:system-ui,'Noto Sans CJK SC',sans-serif"
_WIDTH, _ROW, _TOP = 860, 20, 44
_BARS, _LOOKS = (320, 660), (690, 850)  # from where to where bars go
_NUMBER = 44  # room for a number beside a bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What stands in the drawings."""

    influence: str
    attention: str
    older: str
    more: str
    layer: str


_LABELS = {
    "en": Labels(
        influence="influence (nats)",
        attention="attention: not why",
        older="oldest first",
        more="{count} more events of smaller influence are not shown",
        layer="layer {layer}, head {head}",
    ),
    "zh": Labels(
        influence="影响（奈特）",
        attention="注意力：并非原因",
        older="从早到晚",
        more="另有{count}个影响较小的事件未显示",
        layer="第{layer}层，第{head}头",
    ),
}


def labels_of(language: str) -> Labels:
    """Return the labels of a language that `regard.explain.words` has."""
    return _LABELS[language]


def timeline(events: pl.DataFrame, *, language: str = "en") -> str:
    """Return an ``<svg>`` of events, oldest first, with what each did for the item.

    Parameters
    ----------
    events
        Those of an `Explanation`: ``position``, ``title``, ``time``, ``influence``, ``attention``; at least
        one.
    language
        Of the labels.
    """
    assert events.height > 0
    labels = labels_of(language)
    strong = events.sort(pl.col("influence").abs(), descending=True, maintain_order=True).head(ROWS)
    shown, left_out = strong.sort("position"), events.height - strong.height
    value_E = np.nan_to_num(shown["influence"].to_numpy(), posinf=np.inf, neginf=-np.inf)
    scale = _Scale.of(value_E)
    looked = shown["attention"].to_list()
    most = max([weight for weight in looked if weight is not None], default=0.0)
    height = _TOP + _ROW * shown.height + (26 if left_out else 8)
    out = [_open(_WIDTH, height), _head(labels, attention=most > 0)]
    for place, row in enumerate(shown.iter_rows(named=True)):
        y = _TOP + _ROW * place
        when = "" if row["time"] is None else f"{row['time']:%Y-%m-%d}"
        out.append(_text(8, y + 14, when or str(row["position"]), _SOFT, size=11))
        out.append(_text(84, y + 14, _short(str(row["title"])), _INK))
        out.append(scale.bar(float(row["influence"]), y))
        if row["attention"] is not None and most > 0:
            wide = (_LOOKS[1] - _LOOKS[0]) * row["attention"] / most
            out.append(_rect(_LOOKS[0], y + 7, wide, 6, _LOOKED, f"{row['attention']:.3f}"))
    bottom = _TOP + _ROW * shown.height
    out.insert(2, _line(scale.zero, _TOP - 4, bottom))
    if left_out:
        out.append(_text(84, bottom + 18, labels.more.format(count=left_out), _SOFT, size=11))
    return "".join([*out, "</svg>"])


def heat_map(heads_LNE: np.ndarray, titles: Sequence[str], *, language: str = "en") -> str:
    """Return an ``<svg>`` of where each head looked from the latest event; darker is more.

    Parameters
    ----------
    heads_LNE
        ``[L, N, E]`` weights, those of a head sum to one.
    titles
        ``[E]`` what to call the events, oldest first.
    language
        Of the labels.
    """
    layers, heads, length = heads_LNE.shape
    assert length == len(titles) > 0
    labels, first = labels_of(language), max(0, length - _COLUMNS)
    cell = min(28.0, (_WIDTH - 130) / (length - first))
    down = 22
    height = 30 + down * layers * heads + 20
    out = [_open(_WIDTH, height), _text(120, 16, labels.attention, _SOFT, size=11)]
    most = max(float(heads_LNE.max()), 1e-12)
    for layer in range(layers):
        for head in range(heads):
            y = 26 + down * (layer * heads + head)
            out.append(_text(8, y + 14, labels.layer.format(layer=layer + 1, head=head + 1), _INK, size=11))
            for place, event in enumerate(range(first, length)):
                weight = float(heads_LNE[layer, head, event])
                shade = 244 - round(190 * weight / most)
                said = f"{titles[event]}: {weight:.3f}"
                colour = f"rgb({shade},{shade + 4},{min(255, shade + 10)})"
                out.append(_rect(120 + cell * place, y, cell - 1, down - 3, colour, said))
    out.append(_text(120, height - 6, labels.older, _SOFT, size=11))
    return "".join([*out, "</svg>"])


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where zero is, and how many pixels a nat has."""

    zero: float
    per_nat: float

    @classmethod
    def of(cls, value_E: np.ndarray) -> _Scale:
        finite = value_E[np.isfinite(value_E)]
        above, below = max(finite.max(initial=0.0), 0.0), max(-finite.min(initial=0.0), 0.0)
        left, right = _BARS
        per_nat = (right - left - 2 * _NUMBER) / max(above + below, 1e-9)
        return cls(left + _NUMBER + below * per_nat, per_nat)

    def bar(self, value: float, y: float) -> str:
        left, right = _BARS
        left, right = left + _NUMBER, right - _NUMBER
        wide = abs(value) * self.per_nat if np.isfinite(value) else right - left
        colour, number = (_FOR if value >= 0 else _AGAINST), f"{value:+.2f}"
        if value >= 0:
            wide = min(wide, right - self.zero)
            return _rect(self.zero, y + 4, wide, 12, colour, number) + _text(
                self.zero + wide + 4, y + 14, number, _SOFT, size=10
            )
        wide = min(wide, self.zero - left)
        return _rect(self.zero - wide, y + 4, wide, 12, colour, number) + _text(
            self.zero - wide - 4, y + 14, number, _SOFT, size=10, anchor="end"
        )


def _head(labels: Labels, *, attention: bool) -> str:
    parts = [
        _text(8, 24, labels.older, _SOFT, size=11),
        _text(_BARS[0] + _NUMBER, 24, labels.influence, _FOR, size=11),
        f'<line x1="0" x2="{_WIDTH}" y1="34" y2="34" stroke="{_LINE}"/>',
    ]
    if attention:
        parts.append(_text(_LOOKS[0], 24, labels.attention, _SOFT, size=11))
    return "".join(parts)


def _open(width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" style="max-width:{width}px"><rect width="{width}" height="{height}" fill="#fff"/>'
    )


def _text(x: float, y: float, text: str, colour: str, *, size: int = 12, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" text-anchor="{anchor}" '
        f'style="{_FONT}">{escape(text)}</text>'
    )


def _rect(x: float, y: float, width: float, height: float, colour: str, said: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" fill="{colour}">'
        f"<title>{escape(said)}</title></rect>"
    )


def _line(x: float, top: float, bottom: float) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" stroke="{_LINE}"/>'


def _short(title: str) -> str:
    """Cut a title to the room that it has; Chinese characters are twice as wide."""
    room, kept = 34, ""
    for character in title:
        room -= 2 if ord(character) > 0x2E7F else 1
        if room < 1:
            return f"{kept.rstrip()}…"
        kept += character
    return kept
