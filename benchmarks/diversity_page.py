"""The chapter of the page on what diversity costs, and its plot. It measures nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.common import ROOT
from benchmarks.plots import Axis, lines

__all__ = ["IMAGE", "chapter", "plot"]

IMAGE = ROOT / "docs" / "images" / "diversity.svg"


def chapter(result: dict[str, Any]) -> str:
    """Write the chapter, and draw its plot."""
    plot(result, IMAGE)
    out = [
        "## Diversity of lists\n",
        f"{result['data']}, split by {result['split']}, {result['users']:,} questions; {result['ranker']} gives "
        f"{result['candidates']} candidates, of which a policy shows {result['k']}. Strength 0 is the ranker's own "
        "order; the change of NDCG@10 against it is that of the same users, with its 95 % interval (not adjusted "
        "for the number of rows). Diversity is the mean of 1 - cosine of genres over the pairs of a list; KL is "
        "the divergence of its genres from those of the history, lower is better. Time is that of one core for a "
        "user, with the account of what was moved.\n",
        "![NDCG@10 against the diversity of lists](images/diversity.svg)\n",
        "| rule | strength | NDCG@10 | change | diversity | KL | coverage | ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in result["points"]:
        change = (
            f"{one['ndcg_change']:+.4f} ({one['ndcg_change_low']:+.4f} to {one['ndcg_change_high']:+.4f})"
            if one["strength"] > 0
            else ""
        )
        out.append(
            f"| {one['series']} | {one['strength']:g} | {one['ndcg']:.4f} | {change} | {one['diversity']:.3f} | "
            f"{one['calibration_kl']:.3f} | {one['coverage']:.1%} | {one['ms_per_user']:.2f} |"
        )
    return "\n".join(out) + "\n"


def plot(result: dict[str, Any], path: Path) -> None:
    """Draw NDCG@10 against the diversity of the lists, a line for each way; strength grows along a line."""
    drawn = [{"series": one["series"], "x": one["diversity"], "y": one["ndcg"]} for one in result["points"]]
    x = Axis("intra-list diversity (1 - cosine of genres)", zero=False, form=".2f")
    lines(drawn, path, x=x, y=Axis("NDCG@10", zero=False, form=".3f"), own="MMR, vectors")
