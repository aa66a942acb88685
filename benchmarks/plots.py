"""Plots of the benchmark page as SVG files: Regard in one accent colour, others apart by tone and dash.

Labels stand beside lines instead of in a legend where they end apart. It draws numbers that are already there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

__all__ = ["Axis", "bars", "curves", "intervals", "lines"]

_ACCENT, _INK, _FAINT = "#2456c7", "#1f2933", "#e6e9ee"
_TONES = ["#c4703a", "#5f8a6b", "#8a6fa8", "#7c8794"]
_PADDING = {"right": 16, "left": 6, "top": 8, "bottom": 4}
_FONT = "Helvetica, Arial, Liberation Sans, sans-serif"


class Axis:
    """An axis: its title, the format of its numbers, and whether it is logarithmic.

    Parameters
    ----------
    title
        With the unit.
    log
        Whether equal steps are equal ratios.
    zero
        Whether a linear axis begins at zero.
    form
        How numbers are written, as D3 names it.
    """

    def __init__(self, title: str, *, log: bool = False, zero: bool = True, form: str = "~s") -> None:
        self.title, self.log, self.zero, self.form = title, log, zero, form

    def scale(self) -> alt.Scale:
        """Return its scale as Altair wants it."""
        return alt.Scale(type="log", nice=False) if self.log else alt.Scale(zero=self.zero, nice=True)

    def axis(self, places: list[float]) -> alt.Axis:
        """Return its marks: those of the points where it is logarithmic, round numbers elsewhere."""
        if self.log:
            return alt.Axis(format=self.form, values=sorted(set(places)))
        return alt.Axis(format=self.form, tickCount=6)


def lines(
    points: list[dict[str, Any]],
    path: Path,
    *,
    x: Axis,
    y: Axis,
    own: str,
    goal: float | None = None,
) -> None:
    """Draw one line for each series, with its name at its end, and write the SVG.

    Parameters
    ----------
    points
        Dictionaries with ``series``, ``x`` and ``y``.
    path
        Where to write.
    own
        Name of the series in the accent colour.
    goal
        A level to mark on the y axis.
    """
    names = sorted({point["series"] for point in points}, key=lambda name: (name != own, name))
    colours = [_ACCENT if name == own else _TONES[place % len(_TONES)] for place, name in enumerate(names)]
    dashes = [[1, 0] if name == own else [5, 3] for name in names]
    base = alt.Chart(_data(points)).encode(
        x=alt.X("x:Q", title=x.title, scale=x.scale(), axis=x.axis([point["x"] for point in points])),
        y=alt.Y("y:Q", title=y.title, scale=y.scale(), axis=y.axis([point["y"] for point in points])),
        color=alt.Color("series:N", scale=alt.Scale(domain=names, range=colours), legend=None),
    )
    drawn = base.mark_line(strokeWidth=2.2).encode(
        strokeDash=alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=dashes), legend=None)
    )
    dots = base.mark_circle(size=44, opacity=1)
    ends = [max((p for p in points if p["series"] == name), key=lambda p: p["x"]) for name in names]
    labels = (
        alt.Chart(_data(ends))
        .mark_text(align="left", dx=8, fontSize=13, fontWeight="bold")
        .encode(
            x="x:Q",
            y="y:Q",
            text="series:N",
            color=alt.Color("series:N", scale=alt.Scale(domain=names, range=colours), legend=None),
        )
    )
    layers: list[Any] = [drawn, dots, labels]
    if goal is not None:
        level = alt.Chart(_data([{"y": goal}]))
        layers.insert(0, level.mark_rule(color=_INK, strokeDash=[2, 3], opacity=0.6).encode(y="y:Q"))
    _write(alt.layer(*layers), path)


def curves(points: list[dict[str, Any]], path: Path, *, x: Axis, y: Axis, own: str) -> None:
    """Draw lines that meet at their ends, named in a legend, and write the SVG; as `lines` otherwise."""
    names = list(dict.fromkeys(point["series"] for point in points))
    others = [name for name in names if name != own]
    tones = {own: _ACCENT} | {name: _TONES[place % len(_TONES)] for place, name in enumerate(others)}
    dashes = {own: [1, 0]} | {
        name: [[5, 3], [2, 2], [8, 3, 2, 3]][place % 3] for place, name in enumerate(others)
    }
    chart = (
        alt.Chart(_data(points))
        .mark_line(strokeWidth=2.2)
        .encode(
            x=alt.X("x:Q", title=x.title, scale=x.scale(), axis=x.axis([])),
            y=alt.Y("y:Q", title=y.title, scale=y.scale(), axis=y.axis([])),
            color=_named("color", list(tones), list(tones.values())),
            strokeDash=_named("dash", list(dashes), list(dashes.values())),
        )
    )
    _write(chart, path)


def intervals(rows: list[dict[str, Any]], path: Path, *, x: Axis, own: str) -> None:
    """Draw a dot with its interval for each row of a list, one below the other, and write the SVG.

    Parameters
    ----------
    rows
        Dictionaries with ``name``, ``value``, ``low`` and ``high``, in the order in which they are drawn.
    path, x, own
        As in `lines`; `own` is the name in the accent colour.
    """
    base = alt.Chart(_data([{**row, "own": row["name"] == own} for row in rows])).encode(
        y=alt.Y("name:N", sort=None, title=None),
        color=alt.condition("datum.own", alt.value(_ACCENT), alt.value(_TONES[3])),
    )
    spread = base.mark_rule(strokeWidth=2.2).encode(
        x=alt.X("low:Q", title=x.title, scale=x.scale(), axis=x.axis([])), x2="high:Q"
    )
    _write(alt.layer(spread, base.mark_circle(size=60, opacity=1).encode(x="value:Q")), path)


def bars(rows: list[dict[str, Any]], path: Path, *, x: str, y: Axis) -> None:
    """Draw groups of bars and write the SVG: dictionaries with ``x``, ``y`` and ``series``; `x` titles them."""
    names = list(dict.fromkeys(row["series"] for row in rows))
    tones = [_ACCENT, *_TONES][: len(names)]
    chart = (
        alt.Chart(_data(rows))
        .mark_bar()
        .encode(
            x=alt.X("x:N", sort=None, title=x, axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("series:N", sort=None),
            y=alt.Y("y:Q", title=y.title, axis=y.axis([])),
            color=_named("color", names, tones),
        )
    )
    _write(chart, path)


def _named(channel: str, names: list[str], range_: list[Any]) -> Any:
    scale, legend = alt.Scale(domain=names, range=range_), alt.Legend(title=None, labelLimit=240)
    kind = alt.Color if channel == "color" else alt.StrokeDash
    return kind("series:N", scale=scale, legend=legend)


def _write(chart: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(vl_convert.vegalite_to_svg(_styled(chart).to_dict()) + "\n", encoding="utf-8")


def _styled(chart: Any) -> Any:
    """Give a chart its size, fonts and colours."""
    return (
        chart.properties(width=460, height=270, background="white", padding=_PADDING)
        .configure_view(stroke=None)
        .configure_axis(
            gridColor=_FAINT,
            domainColor=_FAINT,
            tickColor=_FAINT,
            labelColor=_INK,
            titleColor=_INK,
            titleFontWeight="normal",
            labelFont=_FONT,
            titleFont=_FONT,
            labelFontSize=12,
            titleFontSize=13,
        )
        .configure_text(font=_FONT)
    )


def _data(rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]
