"""Plots of the benchmark page as SVG files: Regard in one accent colour, others apart by tone and dash.

Labels stand beside the lines instead of in a legend. It draws numbers that are already there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

__all__ = ["Axis", "lines"]

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
    chart = _styled(alt.layer(*layers))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(vl_convert.vegalite_to_svg(chart.to_dict()) + "\n", encoding="utf-8")


def _styled(chart: Any) -> alt.LayerChart:
    """Give a chart its size, fonts and colours."""
    styled: alt.LayerChart = (
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
    return styled


def _data(rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]
