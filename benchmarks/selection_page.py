"""The chapter of the page on the first selection of long histories. It measures nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["chapter"]


def chapter(kept: dict[str, Any]) -> str:
    """Return the chapter from what `selection.py` keeps, as Markdown."""
    rows = kept["rows"]
    seeds = len({one["seed"] for one in rows})
    parts = [
        "## Long histories in ranking: what the first selection loses\n",
        f"Made data, {seeds} seeds: no public log of impressions has histories of 10,000 events. A ranker of width 16 "
        "learns on histories of 50 to 500 events and looks at all of them; the same weights then order 20 candidates "
        "for each of 100 users, and each candidate looks at all events of its history, or only at those whose items "
        "are nearest to it (256 by default, `select`). AUC, mean over seeds (smallest to largest); the change is that "
        "against all events; time is that of a request, on one core of a machine with other work.\n",
        "| clicks depend on | events in a history | looked at | AUC | change | ms |",
        "|---|---|---|---|---|---|",
    ]
    for world, said in kept["worlds"].items():
        for length in sorted({one["length"] for one in rows}):
            some = [one for one in rows if one["world"] == world and one["length"] == length]
            whole = {one["seed"]: one["auc"] for one in some if one["select"] == length}
            for select in sorted({one["select"] for one in some}):
                here = [one for one in some if one["select"] == select]
                auc = [one["auc"] for one in here]
                change = float(np.mean([one["auc"] - whole[one["seed"]] for one in here]))
                lost = "" if select == length else f"{change:+.4f}"
                ms = float(np.mean([one["ms"] for one in here]))
                spread = f"{np.mean(auc):.4f} ({min(auc):.4f} to {max(auc):.4f})"
                looked = "all" if select == length else f"{select:,}"
                parts.append(f"| {said} | {length:,} | {looked} | {spread} | {lost} | {ms:.1f} |")
    return "\n".join(parts) + "\n"
