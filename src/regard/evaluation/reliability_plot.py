"""The reliability diagram: what happened against what was predicted; on the diagonal lie true probabilities.

A point is a bin of `regard.evaluation.reliability`, the larger the more candidates it holds, so that a far
point of three candidates does not look like a failure. It draws numbers that are already there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from regard.evaluation.charts import ACCENT, INK, TONES, altair, svg
from regard.evaluation.reliability import Reliability

__all__ = ["reliability_plot"]

_SIDE = 300


def reliability_plot(tables: Mapping[str, Reliability]) -> str:
    """Draw the reliability of one system or of several, the first in colour, as the text of an SVG.

    Parameters
    ----------
    tables
        By the name of a system, which stands in the legend with its expected calibration error.

    Raises
    ------
    MissingExtraError
        If Altair or its converter is not installed.
    """
    assert tables
    alt = altair()
    names = {name: f"{name} (error {table.error:.3f})" for name, table in tables.items()}
    rows = [
        {"system": names[name], "predicted": predicted, "observed": observed, "candidates": count}
        for name, table in tables.items()
        for count, predicted, observed in zip(table.count, table.predicted, table.observed, strict=True)
    ]
    # Rare actions lie in a corner: axes end where the last point does, alike on both sides.
    most = max(max(*table.predicted, *table.observed) for table in tables.values())
    top = float(np.clip(1.1 * most, 1e-6, 1.0))
    scale, form = (
        alt.Scale(domain=[0, top], nice=False),
        alt.Axis(format=".0%" if top > 0.2 else ".1%", tickCount=6),
    )
    colours = [ACCENT, *(TONES[place % len(TONES)] for place in range(len(names) - 1))]
    legend = alt.Legend(
        orient="bottom", columns=1, symbolType="stroke", symbolStrokeWidth=3, labelLimit=_SIDE
    )
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("predicted:Q", title="Predicted probability", scale=scale, axis=form),
        y=alt.Y("observed:Q", title="Share that happened", scale=scale, axis=form),
        color=alt.Color(
            "system:N", title=None, scale=alt.Scale(domain=[*names.values()], range=colours), legend=legend
        ),
    )
    sizes = alt.Size("candidates:Q", scale=alt.Scale(range=[25, 260]), legend=None)
    drawn = base.mark_line(strokeWidth=2.2) + base.mark_circle(opacity=1).encode(size=sizes)
    return svg(_diagonal(alt, top) + drawn, height=_SIDE, width=_SIDE)


def _diagonal(alt: Any, top: float) -> Any:
    ends = [{"predicted": 0.0, "observed": 0.0}, {"predicted": top, "observed": top}]
    line = alt.Chart(alt.Data(values=ends)).mark_line(color=INK, strokeDash=[2, 3], opacity=0.6)
    return line.encode(x="predicted:Q", y="observed:Q")
