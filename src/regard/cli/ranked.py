"""Scores and metrics of a ranker as tables, for files, programs and terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from regard.data.impressions import Impressions
    from regard.evaluation.click_report import ClickMetrics
    from regard.ranking import RankingModel

__all__ = ["document", "measured", "scores_of", "show_metrics", "show_scores"]

_SHOWN = 20  # rows of scores on a terminal


def scores_of(held: RankingModel, shown: Impressions, value: str | None) -> pl.DataFrame:
    """Return a row for each candidate, impression by impression, the best first."""
    import numpy as np
    import polars as pl

    chance = held.score(shown)
    worth = _worth(held, chance, value)
    row = shown.rows()
    # Ties of calibrated values are broken by what the ranker says, then by the order of the log.
    logit = held.logits(shown)[:, 0] if value is None else worth
    order = np.lexsort((np.arange(len(row)), -logit, -worth, row))
    rank = np.arange(len(row)) - shown.offsets[:-1][row[order]] + 1
    columns = {
        "impression": row[order] + 1,
        "user_id": _ids(held.users.ids, shown.users()[order]),
        "item_id": _ids(held.items.ids, shown.item_K[order]),
        **{action: one[order] for action, one in chance.items()},
        "value": worth[order],
        "rank": rank,
    }
    return pl.DataFrame(columns)


def _ids(ids: pl.Series, number: np.ndarray) -> pl.Series:
    """Return ids of numbers, null for what the ranker does not know."""
    import numpy as np
    import polars as pl

    known = pl.Series(np.maximum(number, 0)).set(pl.Series(number < 0), None)
    return ids.gather(known) if len(ids) else pl.Series([None] * len(number), dtype=pl.String)


def _worth(held: RankingModel, chance: dict[str, np.ndarray], value: str | None) -> np.ndarray:
    from regard.recommend.value import parse_value

    if value is None:
        return chance[held.spec.actions[0]]
    return parse_value(value, held.spec.actions).of(chance)


def measured(held: RankingModel, shown: Impressions, action: str, value: str | None) -> ClickMetrics:
    """Measure one action, in the order of the ranker, or of a value."""
    from regard.evaluation.click_report import measure_clicks

    if value is None:
        return held.evaluate(shown, action=action)
    chance = held.score(shown)
    worth = _worth(held, chance, value)
    return measure_clicks(shown, worth, action=action, probabilities=chance[action])


def document(one: ClickMetrics) -> dict[str, object]:
    """Return what was measured, for JSON."""
    from dataclasses import asdict

    table = one.reliability
    return {
        "metrics": {name: asdict(interval) for name, interval in one.values.items()},
        "candidates": one.candidates,
        "users": one.users,
        "impressions": one.impressions,
        "users_left_out": one.users_left_out,
        "impressions_left_out": one.impressions_left_out,
        "reliability": None if table is None else table.to_json(),
    }


def show_scores(frame: pl.DataFrame) -> None:
    """Write the first rows of scores."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for name in frame.columns:
        table.add_column(escape(name), justify="left" if name.endswith("_id") else "right")
    for row in frame.head(_SHOWN).iter_rows():
        cells = (
            f"{cell:.4f}" if isinstance(cell, float) else "" if cell is None else str(cell) for cell in row
        )
        table.add_row(*(escape(cell) for cell in cells))
    console = Console(highlight=False)
    console.print(table)
    if len(frame) > _SHOWN:
        console.print(f"{len(frame) - _SHOWN:,} more rows; -o scores.parquet writes all")


def show_metrics(found: list[ClickMetrics]) -> None:
    """Write a table for each action."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for one in found:
        table = Table(title=f"{escape(one.action)}", title_justify="left")
        for name, justify in (("metric", "left"), ("value", "right"), ("95 % interval", "right")):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        for name, interval in one.values.items():
            table.add_row(name, f"{interval.value:.4f}", f"{interval.low:.4f} to {interval.high:.4f}")
        if one.reliability is not None:
            table.add_row("calibration error", f"{one.reliability.error:.4f}", "")
        console.print(table)
        console.print(
            f"{one.candidates:,} candidates, {one.impressions:,} impressions, {one.users:,} users; without "
            f"an AUC of their own, since all labels are alike: {one.users_left_out:,} users, "
            f"{one.impressions_left_out:,} impressions"
        )
