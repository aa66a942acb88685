"""Plots as SVG text: what a report shows.

One look: white ground, the model in the one accent colour, everything it is compared with in greys.
Each function draws numbers that are already computed; anything large is thinned before drawing, so a plot
of a million items is as small as one of a hundred. It does not know pages.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from regard.evaluation.charts import ACCENT, GREY, INK, TONES, WIDTH, altair, rendered, svg
from regard.evaluation.report import Report

__all__ = [
    "influence_bars",
    "length_histogram",
    "long_tail",
    "metric_bars",
    "slice_lines",
    "training_curve",
]


def metric_bars(report: Report) -> str:
    """Draw the main metric of every system with its interval, best first, the model in colour.

    Raises
    ------
    MissingExtraError
        If Altair or its converter is not installed (the same for every plot).
    """
    alt = altair()
    rows = [
        {
            "system": one.name,
            "value": one.main.value,
            "low": one.main.low,
            "high": one.main.high,
            "model": one is report.model,
            "text": f"{one.main.value:.3f}",
        }
        for one in sorted(report.evaluations, key=lambda one: -one.main.value)
    ]
    order = [row["system"] for row in rows]
    names = alt.Y(
        "system:N",
        sort=order,
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=170, labelPadding=6),
    )
    metric = report.model.options.main_metric.upper()
    base = alt.Chart(alt.Data(values=rows)).encode(y=names)
    bars = base.mark_bar(height={"band": 0.62}, cornerRadiusEnd=2).encode(
        x=alt.X(
            "value:Q",
            title=f"{metric} (line: {report.model.options.confidence:.0%} interval)",
            axis=alt.Axis(tickCount=4),
        ),
        color=_model_or_grey(alt),
    )
    lines = base.mark_rule(strokeWidth=1.6, color=INK).encode(x="low:Q", x2="high:Q")
    text = base.mark_text(align="left", dx=6, fontSize=13, color=INK).encode(x="high:Q", text="text:N")
    return svg(bars + lines + text, height=34 * len(rows), width=270)


def slice_lines(report: Report, by: str) -> str:
    """Draw the main metric over the buckets of `by` ("history length" or "target popularity")."""
    alt = altair()
    rows = [
        {
            "system": one.name,
            "bucket": f"{part.label}|{part.users:,} users",
            "value": part.ndcg.value,
            "low": part.ndcg.low,
            "high": part.ndcg.high,
        }
        for one in report.evaluations
        for part in one.slices
        if part.by == by
    ]
    names = [one.name for one in report.evaluations]
    buckets = list(dict.fromkeys(row["bucket"] for row in rows))
    title = {"history length": "Events in the history", "target popularity": "Training events of the target"}
    x = alt.X(
        "bucket:N",
        sort=buckets,
        title=title[by],
        axis=alt.Axis(labelAngle=0, labelExpr="split(datum.label, '|')", labelLimit=120, labelPadding=6),
    )
    color = alt.Color(
        "system:N",
        sort=names,
        title=None,
        scale=alt.Scale(domain=names, range=[ACCENT, *(TONES[i % 7] for i in range(len(names) - 1))]),
        legend=alt.Legend(
            orient="bottom", columns=3, symbolStrokeWidth=3, symbolType="stroke", labelLimit=150
        ),
    )
    y = alt.Y("value:Q", title=report.model.options.main_metric.upper())
    width = alt.condition(f"datum.system === {json.dumps(names[0])}", alt.value(3.5), alt.value(1.6))
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    model = base.transform_filter(f"datum.system === {json.dumps(names[0])}")
    interval = model.mark_rule(strokeWidth=1.6, opacity=0.7, color=ACCENT).encode(y="low:Q", y2="high:Q")
    lines = base.mark_line().encode(y=y, color=color, strokeWidth=width)
    points = base.mark_circle(size=42, opacity=1).encode(y=y, color=color)
    return svg(interval + lines + points, height=230)


def training_curve(
    epochs: Sequence[int], losses: Sequence[float], metric_values: Sequence[float | None], *, metric: str
) -> str:
    """Draw loss and validation metric by epoch, one above the other, the best epoch marked.

    An epoch whose metric is None was not validated; without any the loss is drawn alone.
    """
    alt = altair()
    rows = [
        {"epoch": epoch, "loss": loss if math.isfinite(loss) else None, "metric": value}
        for epoch, loss, value in zip(epochs, losses, metric_values, strict=True)
    ]
    measured = [row for row in rows if row["metric"] is not None]
    x = alt.X("epoch:Q", title=None if measured else "Epoch", axis=alt.Axis(tickMinStep=1, format="d"))
    loss = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(color=INK, strokeWidth=2.2, point={"color": INK, "size": 22})
        .encode(x=x, y=alt.Y("loss:Q", title="Training loss", scale=alt.Scale(zero=False)))
        .properties(width=WIDTH, height=120)
    )
    return rendered(loss & _validation(alt, measured, x.title("Epoch"), metric) if measured else loss)


def _validation(alt: ModuleType, rows: list[dict[str, Any]], x: Any, metric: str) -> Any:
    y = alt.Y("metric:Q", title=metric, scale=alt.Scale(zero=False))
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, y=y)
    curve = base.mark_line(color=ACCENT, strokeWidth=2.6, point={"color": ACCENT, "size": 26})
    best = max(rows, key=lambda row: row["metric"])
    data = alt.Data(values=[best | {"text": f"best: epoch {best['epoch']}"}])
    point = alt.Chart(data).encode(x="epoch:Q", y="metric:Q")
    mark = point.mark_point(size=150, filled=False, strokeWidth=2, color=ACCENT)
    # The words stand on the side where there is room.
    late = best["epoch"] > (rows[0]["epoch"] + rows[-1]["epoch"]) / 2
    side = {"align": "right" if late else "left", "dx": -12 if late else 12}
    text = point.mark_text(**side, dy=18, fontSize=13, color=INK).encode(text="text:N")
    return (curve + mark + text).properties(width=WIDTH, height=120)


def length_histogram(lengths: np.ndarray) -> str:
    """Draw how many users have histories of which length; empty histories are left out."""
    alt = altair()
    some = lengths[lengths > 0]
    low, high = (int(some.min()), int(some.max())) if len(some) else (1, 1)
    edges = np.unique(np.round(np.geomspace(low, high + 1, 25)).astype(np.int64))
    counts, _ = np.histogram(some, bins=edges)
    rows = [
        {"low": int(left), "high": int(right), "count": int(count), "zero": 0}
        for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    scale = alt.Scale(type="log", nice=False, domain=[low, high + 1])
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=ACCENT, stroke="white", strokeWidth=1)
        .encode(
            x=alt.X("low:Q", title="Events in the history", scale=scale, axis=_log_axis(alt)),
            x2="high:Q",
            y=alt.Y("count:Q", title="Users"),
            y2="zero:Q",
        )
    )
    middle = float(np.median(some)) if len(some) else 1.0
    return svg(bars + _marker(alt, middle, f"median {middle:,.0f}", scale), height=210)


def long_tail(popularity_V: np.ndarray) -> str:
    """Draw the share of all events that the most popular items take."""
    alt = altair()
    counts = np.sort(popularity_V[popularity_V > 0])[::-1]
    share = np.cumsum(counts) / max(int(counts.sum()), 1)
    places = np.unique(np.round(np.linspace(0, max(len(counts) - 1, 0), 200)).astype(np.int64))
    rows = [{"items": 0.0, "share": 0.0}]
    rows += [{"items": (int(i) + 1) / len(counts), "share": float(share[i])} for i in places if len(counts)]
    fifth = float(np.interp(0.2, [row["items"] for row in rows], [row["share"] for row in rows]))
    percent = alt.Axis(format="%")
    area = (
        alt.Chart(alt.Data(values=rows))
        .mark_area(color=ACCENT, opacity=0.14, line={"color": ACCENT, "strokeWidth": 2.6})
        .encode(
            x=alt.X("items:Q", title="Items, the most popular first", axis=percent),
            y=alt.Y("share:Q", title="Share of all events", axis=percent, scale=alt.Scale(domain=[0, 1])),
        )
    )
    point = alt.Chart(
        alt.Data(
            values=[{"items": 0.2, "share": fifth, "text": f"20% of the items: {fifth:.0%} of the events"}]
        )
    )
    dot = point.mark_circle(size=90, color=ACCENT, opacity=1).encode(x="items:Q", y="share:Q")
    text = point.mark_text(align="left", dx=12, dy=14, fontSize=13, color=INK).encode(
        x="items:Q", y="share:Q", text="text:N"
    )
    return svg(area + dot + text, height=210)


def influence_bars(labels: Sequence[str], influence: Sequence[float], *, top: int = 10) -> str:
    """Draw the events of a history by influence, the strongest first, at most `top` of them.

    Parameters
    ----------
    labels
        ``[E]`` what to call the events; equal names are kept apart.
    influence
        ``[E]`` by how much the item's log-probability falls without the event; what is infinite is drawn
        like the largest finite one (at least 1).
    """
    alt = altair()
    values = np.asarray(influence, dtype=np.float64)
    finite = np.abs(values[np.isfinite(values)]).max(initial=1.0)
    values = np.nan_to_num(values, nan=0.0, posinf=finite, neginf=-finite)
    strongest = np.argsort(-np.abs(values), kind="stable")[:top]
    rows = [
        {"place": place, "value": float(value), "model": bool(value > 0)}
        for place, value in enumerate(values[strongest])
    ]
    names = json.dumps([str(labels[event]) for event in strongest])
    axis = alt.Axis(ticks=False, domain=False, grid=False, labelLimit=210, labelPadding=8)
    axis["labelExpr"] = f"{names}[datum.value]"
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(height={"band": 0.62}, cornerRadiusEnd=2)
        .encode(
            y=alt.Y("place:O", title=None, axis=axis),
            x=alt.X("value:Q", title="Fall of the log-probability without it"),
            color=_model_or_grey(alt),
        )
    )
    return svg(bars, height=30 * len(rows), width=270)


def _model_or_grey(alt: ModuleType) -> Any:
    return alt.condition("datum.model", alt.value(ACCENT), alt.value(GREY))


def _log_axis(alt: ModuleType) -> Any:
    return alt.Axis(
        values=[s * 10**p for p in range(7) for s in (1, 2, 5)], format=",d", grid=False, labelOverlap=True
    )


def _marker(alt: ModuleType, value: float, text: str, scale: Any) -> Any:
    """Return a dashed line at `value` with a word beside it."""
    base = alt.Chart(alt.Data(values=[{"value": value, "text": text}])).encode(
        x=alt.X("value:Q", scale=scale)
    )
    line = base.mark_rule(strokeDash=[4, 3], color=INK)
    word = base.mark_text(align="left", dx=6, y=8, fontSize=13, color=INK).encode(text="text:N")
    return line + word
