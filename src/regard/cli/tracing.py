"""The trace of a two-stage model for a terminal: a table for each user, a row for each candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["show_trace"]

_SHOWN = 30  # candidates of a user; --json has all


def show_trace(trace: pl.DataFrame) -> None:
    """Write the trace of each user: the first candidates, and all that are in the list."""
    import polars as pl
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    sources = [name for name in trace.columns if name.startswith("by ")]
    for (user,), part in trace.group_by("user_id", maintain_order=True):
        kept = part.filter((pl.col("ranked") <= _SHOWN) | pl.col("listed").is_not_null())
        caption = "by ...: rank at which a source proposed it; retrieval and ranker: log-odds"
        if len(kept) < len(part):
            caption += f"; {len(part) - len(kept)} more candidates (--json has all)"
        table = Table(title=f"candidates of user {escape(str(user))}", title_justify="left", caption=caption)
        for name in (
            "list",
            "ranked",
            "retrieved",
            "item",
            "title",
            *sources,
            "retrieval",
            "ranker",
            "chance",
        ):
            table.add_column(name, justify="left" if name in {"item", "title"} else "right")
        for row in kept.iter_rows(named=True):
            places = [row["listed"], row["ranked"], row["retrieval_rank"], row["item_id"], row["title"]]
            cells = [*places, *(row[name] for name in sources)]
            numbers = (
                f"{row['retrieval_score']:.2f}",
                f"{row['ranker_score']:+.2f}",
                f"{row['probability']:.2%}",
            )
            table.add_row(*("" if cell is None else escape(str(cell)) for cell in cells), *numbers)
        console.print(table)
