"""The page of ``regard rank evaluate --report``: metrics of each action, and a plot of its probabilities."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from regard.evaluation import page
from regard.evaluation.click_report import ClickMetrics
from regard.evaluation.reliability_plot import reliability_plot

__all__ = ["write_rank_page"]


def write_rank_page(path: Path, found: list[ClickMetrics], *, name: str) -> Path:
    """Write what was measured of each action as one HTML file, and return where it lies.

    Raises
    ------
    MissingExtraError
        If Altair or its converter is not installed.
    """
    sections: list[page.Section] = [section for one in found for section in _of_action(one)]
    return page.write_page(path, title=f"How well {name} ranks", sections=sections)


def _of_action(one: ClickMetrics) -> list[page.Section]:
    frame = pl.DataFrame(
        {
            "metric": list(one.values),
            "value": [f"{interval.value:.4f}" for interval in one.values.values()],
            "95 % interval": [f"{part.low:.4f} to {part.high:.4f}" for part in one.values.values()],
        }
    )
    sections: list[page.Section] = [
        page.Heading(one.action),
        page.Facts(
            (
                ("candidates", f"{one.candidates:,}"),
                ("impressions", f"{one.impressions:,}"),
                ("users", f"{one.users:,}"),
            )
        ),
        page.Table(
            frame,
            caption=f"Without an AUC of their own, since all labels are alike: {one.users_left_out:,} users, "
            f"{one.impressions_left_out:,} impressions.",
        ),
    ]
    if one.reliability is not None:
        caption = (
            "Predicted probabilities against what happened, in ten bins of equal width; a larger point holds "
            f"more candidates. Expected calibration error {one.reliability.error:.4f}."
        )
        sections.append(page.Figure(reliability_plot({one.action: one.reliability}), caption))
    return sections
