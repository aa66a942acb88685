"""The chapter of the page on targets that are missed: what was tried, and what limits them.

Words of people, kept beside the targets that they are about; a reason is shown only while its target is missed,
and a missed target without one says so. It measures nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.common import Target

__all__ = ["misses_chapter"]

# How the name of a target begins, and why it is missed.
_REASONS = {
    "recommending: users per second": (
        "Of the processor's time, products of float32 matrices in the first block take 37 %, its attention 25 %; both "
        "run near the processor's speed, and alone they allow 1.2 s on two cores, where five times the peers would be "
        "1.3 s for everything. Tried: the last block asks one query for each user and makes no keys or values (kept); "
        "feed-forward networks in pieces that stay in the cache (kept); two batches side by side, each on a core of "
        "its own (18 % faster, left out: scorers would have to be safe for threads). bfloat16 would be faster, but a "
        "score would then depend on the batch that it is computed in."
    ),
    "recommending: one unseen history": (
        "Of about 2 ms, the products and the attention of the network take 0.7 ms; the rest are several hundred short "
        "operations: reading ids, masks, search, the table that is returned. Less needs a compiled path for single "
        "histories, which there is not."
    ),
    "logs: 10 million events, string ids": (
        "Ten million events of five million users bring a new id every second event, so that the time goes into sorting "
        "and numbering ids, not into events. Logs of 100 million events, which the target was set for, are above it."
    ),
    "ml-100k, time": (
        "Ninety questions, of which twelve are for items that training never saw; the interval of the difference is "
        "many times as wide as the difference (see the table)."
    ),
    "AUC minus that of logistic regression": (
        "The best of the others is a regression on counts that were made by hand for this log, and the interval over "
        "users is .05 wide. Averaging weights and the likeness of a candidate to the history each brought a part of "
        "the way; more dropout, decay, width and longer histories brought nothing on validation."
    ),
    "DIN: scoring 1,000 candidates": (
        "DIN pools by a small network over every pair of candidate and event, which nothing shares between "
        "candidates; cross-attention shares keys and values and is below the bound."
    ),
    "online-retail: two stages": (
        "Without attributes the ranker sees what retrieval sees: events. The gain lies within the noise of 1,027 questions."
    ),
    "online-retail: coverage": (
        "Nothing in the ranker's loss asks for items that are rarely had; a policy with `diversity` brings coverage "
        "back, at the price that the chapter on diversity shows."
    ),
    "hackernews, items first seen": (
        "The author and the title are all that is known of a new story. NDCG@10, where the order counts, is twice that "
        "of content-KNN; what puts more of them at the end of its ten is not known."
    ),
}


def misses_chapter(targets: Sequence[Target]) -> str:
    """Write a line for each missed target."""
    missed = [target for target in targets if not target.met]
    if not missed:
        return ""
    out = ["## What is missed, and why\n"]
    for target in missed:
        reason = next((why for start, why in _REASONS.items() if target.name.startswith(start)), None)
        out.append(f"- **{target.name}**: {reason or 'no reason is known yet.'}")
    return "\n".join(out) + "\n"
