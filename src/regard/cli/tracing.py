"""The trace of a two-stage model for a terminal: a table for each user, a row for each candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["show_trace"]

_KNOWN = "known to the ranker"
_SHOWN = 30  # candidates of a user; --json has all
_PLACES, _SCORES = ("list", "rank"), ("score", "ranker")
_ADDS = "score: log-odds of retrieval, to which the ranker adds"
_DECIDES = "score: log-odds of retrieval; ranker: logit; value: what the order is by"


def show_trace(trace: pl.DataFrame) -> None:
    """Write the trace of each user: the first candidates, and all that are in the list."""
    import polars as pl
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    sources = [name for name in trace.columns if name.startswith("by ")]
    adds = _KNOWN not in trace.columns  # a ranker of impressions decides alone
    headings = _SCORES if adds else (*_SCORES, "value")
    for (user,), part in trace.group_by("user_id", maintain_order=True):
        kept = part.filter((pl.col("ranked") <= _SHOWN) | pl.col("listed").is_not_null())
        caption = f"proposed by: with the rank there; {_ADDS if adds else _DECIDES}"
        if len(kept) < len(part):
            caption += f"; {len(part) - len(kept)} more candidates (--json has all)"
        table = Table(title=f"candidates of user {escape(str(user))}", title_justify="left", caption=caption)
        for name in _PLACES:
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("item", no_wrap=True)
        table.add_column("title", overflow="ellipsis", no_wrap=True, max_width=16)
        table.add_column("proposed by")
        for name in headings:
            table.add_column(name, justify="right", no_wrap=True)
        for row in kept.iter_rows(named=True):
            by = ", ".join(
                f"{name.removeprefix('by ')} {row[name]}" for name in sources if row[name] is not None
            )
            cells = [row["listed"], row["ranked"], row["item_id"], row["title"], by]
            scores = [f"{row['retrieval_score']:.2f}", f"{row['ranker_score']:+.2f}"]
            if not adds:
                scores.append(f"{row['score']:.3g}" + ("" if row[_KNOWN] else " ?"))
            table.add_row(*("" if cell is None else escape(str(cell)) for cell in cells), *scores)
        console.print(table)
        unknown = 0 if adds else int((~part[_KNOWN]).sum())
        if unknown:
            console.print(f"{unknown} candidates (?) are unknown to the ranker: scored as items it never met")
