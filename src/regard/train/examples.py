"""Examples: what validation asks. Several targets of a user after the cut, together counting as one.

A split by time leaves few users on both sides of its cut. Asking each for up to twenty of the items that
came afterwards makes the answer steadier than asking for the last alone, at the same use of data. The test
keeps its own protocol: one target a user.

Of target types of different weights only those of greatest weight are asked for: a shop that learns from
purchases and, with a tenth of their weight, from views has many more views, and what is good at them need not
be good at purchases.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from regard.data.dataset import Dataset
from regard.data.split import Holdout, Queries, SplitSpec, hold_out
from regard.data.target import EVENT_TYPE, Targets
from regard.errors import SplitError
from regard.evaluation import metrics
from regard.models.protocols import Ranks

__all__ = ["Examples", "examples_of", "validation_of"]

_TARGETS_PER_USER = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """E questions with their answers.

    Parameters
    ----------
    queries
        ``[E]`` histories and targets, asked when the target happened.
    weight_E
        ``[E]`` weights that sum to one; those of a user sum to the same for all users, unless types that
        count differently in the loss are asked for: they do here too.
    """

    queries: Queries
    weight_E: np.ndarray

    def __len__(self) -> int:
        return len(self.queries)

    def ndcg(self, ranker: Ranks) -> float:
        """Return the weighted NDCG@10 of what `ranker` would serve."""
        ranked = ranker.rank(self.queries.histories, k=10)
        relevant = metrics.Relevant.one(self.queries.target)
        values = metrics.ndcg(metrics.hits(ranked.item_UK, relevant), relevant.count_U, 10)
        return float((self.weight_E * values).sum())


def validation_of(train: Dataset, split: SplitSpec) -> Holdout | None:
    """Cut validation off a training log as the test was cut; None if that leaves nobody to ask.

    Parameters
    ----------
    train
        The training log.
    split
        How the test was cut; a date is left out, since the test begins there, and ``none`` cuts by time.

    Returns
    -------
    Holdout or None
        Its queries ask for the target types of greatest weight alone; for all of them where they are of one
        weight, or where nothing of the greatest can be asked.
    """
    spec = SplitSpec() if split.kind == "none" else split.changed(at=None)
    greatest = None if train.targets is None else train.targets.greatest()
    if greatest is not None:
        held = _cut(train, spec, greatest)
        if held is not None and len(examples_of(held, train, most=1)) > 0:
            return held
    return _cut(train, spec, None)


def examples_of(
    held: Holdout, known: Dataset, *, most: int, described_V: np.ndarray | None = None
) -> Examples:
    """Return what the users of a validation cut did after it.

    Parameters
    ----------
    held
        The validation cut of `known`.
    known
        The whole training log.
    most
        At most this many examples. Targets that the part before the cut does not know, or that the user
        has already had, cannot be recommended and are left out; so are events of types that are not asked
        for.
    described_V
        ``[V]`` bool: items that can be recommended although the part before the cut has no event of them.
    """
    full, before, targets = known.histories, held.train.histories, held.queries.targets
    row, end = [], []
    for number in held.queries.user.tolist():
        after = np.arange(before.stop[number], full.stop[number])
        if targets is not None:
            after = after[targets.asked(full, after)]
        some = np.linspace(0, len(after) - 1, min(len(after), _TARGETS_PER_USER)).round().astype(np.int64)
        row += [number] * len(some)
        end += after[some].tolist()
    rows, ends = np.array(row, dtype=np.int64), np.array(end, dtype=np.int64)
    order = np.random.default_rng(0).permutation(len(rows))
    rows, ends = rows[order], ends[order]
    target = np.asarray(full.item[ends])
    known_V = held.train.item_counts > 0
    askable = (known_V if described_V is None else known_V | described_V)[target]
    for place in np.flatnonzero(askable).tolist():
        earlier = np.arange(full.start[rows[place]], ends[place])
        had = earlier if targets is None else earlier[targets.had(full, earlier)]
        askable[place] = target[place] not in full.item[had]
    kept = np.sort(np.flatnonzero(askable)[:most])
    rows, ends = rows[kept], ends[kept]
    weight = 1.0 / np.bincount(rows, minlength=len(full))[rows] if len(rows) else np.empty(0)
    if targets is not None:
        weight = weight * targets.weight_Y1[full.fields[EVENT_TYPE][ends]]
    queries = Queries(
        user=rows.astype(np.int32),
        histories=replace(
            full, start=full.start[rows], stop=ends, asked=np.asarray(full.time[ends]), user=rows
        ),
        target=target[kept],
        target_time=np.asarray(full.time[ends]),
        targets=targets,
    )
    return Examples(queries=queries, weight_E=weight / weight.sum() if len(rows) else weight)


def _cut(train: Dataset, spec: SplitSpec, asking: Targets | None) -> Holdout | None:
    try:
        return hold_out(train, spec, asking=asking)
    except SplitError:
        return None
