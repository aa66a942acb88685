"""Mining: what a ranker learns from where nobody wrote down what was shown.

A target is an event; beside it stand negatives: some of the candidates that the sources propose for the
history before it, and some of all other items.

*No leakage.* The sources, the retrieval model among them, are fitted on the part of the log before the first
target. So a target looks to the ranker as it will when it serves: among candidates of a model that has not
seen it. A history holds what its user did before the target. When the target happened is told for half of
them only, since a request need not say when it is made.

*Correction of sampling.* A negative of m candidates was drawn with probability hard / m, one of the n other
items with random / n. The loss weighs each with the inverse (`regard.losses.listwise`), so that logits are
log-odds among all items and can be added to those of retrieval. An item that the user already had, or that
the sources do not know, can be neither target nor candidate.

Shape letters: E targets, K items beside them, S candidates, V items, N sources, T events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.impressions import Impressions
from regard.data.packing import NO_TIME
from regard.data.split import Queries
from regard.evaluation.neighbours import ItemKNN
from regard.evaluation.popularity import Popularity
from regard.models.rank_rows import RankRows
from regard.recommend.candidates import Source, boards_of, propose, values_at
from regard.recommend.filters import Allowed
from regard.recommend.recommender import Recommender
from regard.recommend.second_stage import value_columns
from regard.train.two_stage_config import SecondStageConfig

__all__ = ["ACTION", "Mine", "Mined", "sources_of", "targets_between"]

ACTION = "next"
_CELLS = 1 << 23  # scores held at once
_PIECES = 16
_SCALES = tuple(np.geomspace(0.01, 4, 61).tolist())
_HIDDEN = 0.5  # share of the targets whose time is not told

Beside = Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]]


def sources_of(
    retrieval: Recommender, train: Dataset, config: SecondStageConfig, *, similar: ItemKNN | None
) -> tuple[Source, ...]:
    """Return the sources of candidates, fitted to `train`, retrieval first; `similar` is fitted already."""
    latest = retrieval.max_history
    sources = [
        Source(name="retrieval", scorer=retrieval.scorer, count=config.retrieval, latest=latest, odds=True)
    ]
    if config.popular:
        sources.append(Source(name="popular", scorer=Popularity.fit(train), count=config.popular))
    if config.recent:
        lately = Popularity.fit(_lately(train.only_targets(), config.recent_share))
        sources.append(Source(name="recent", scorer=lately, count=config.recent))
    if similar is not None:
        sources.append(Source(name="similar", scorer=similar, count=config.similar, positive=True))
    return tuple(sources)


def _lately(train: Dataset, share: float) -> Dataset:
    """Return the latest events of a log."""
    time = train.histories.time[train.histories.events()]
    place = len(time) - max(1, round(share * len(time)))
    return train.part(train.histories.kept(time >= np.partition(time, place)[place]))


def targets_between(
    train: Dataset, early: Dataset, late: Dataset, config: SecondStageConfig, *, seed: int
) -> Queries:
    """Return what users did after `early` and within `late`, each with the history before it.

    Parameters
    ----------
    train
        The whole training log.
    early, late
        Parts of it, the first within the second. What is asked for is of the types that are asked for, known
        to `early`, and not what the user already had.
    config
        How many at most; more are drawn at random.
    seed
        Of the draw.
    """
    full, targets = train.histories, train.targets
    events, rows = late.histories.events(), late.histories.rows()
    had = np.ones(len(events), dtype=bool) if targets is None else targets.had(full, events)
    key = rows * len(train.items) + full.item[events]
    _, first, back = np.unique(key[had], return_index=True, return_inverse=True)
    first_had = np.full(len(events), len(events))
    first_had[had] = np.flatnonzero(had)[first][back]
    asked = events >= early.histories.stop[rows]
    asked &= events > full.start[rows]
    asked &= (early.item_counts > 0)[full.item[events]]
    asked &= first_had >= np.arange(len(events))
    if targets is not None:
        asked &= targets.asked(full, events)
    drawn = np.random.default_rng([seed, 1]).permutation(np.flatnonzero(asked))
    drawn = drawn[np.argsort(rows[drawn], kind="stable")]
    of_user = np.arange(len(drawn)) - np.searchsorted(rows[drawn], rows[drawn])
    kept = drawn[of_user < config.examples_per_user]
    kept = np.sort(np.random.default_rng([seed, 2]).permutation(kept)[: config.examples])
    row, place = rows[kept], events[kept]
    return Queries(
        user=row.astype(np.int32),
        histories=replace(full, start=full.start[row], stop=place, user=row),
        target=np.asarray(full.item[place]),
        target_time=np.asarray(full.time[place]),
        targets=targets,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mined:
    """E targets with the items beside them.

    Parameters
    ----------
    impressions
        One for each target; ``propensity_K`` is the probability with which an item was drawn.
    histories
        ``[E]`` what came before.
    value_KN
        ``[K, N]`` float32 what each source says of each item.
    """

    impressions: Impressions
    histories: Histories
    value_KN: np.ndarray

    def rows(self, edges: Mapping[str, np.ndarray], *, max_length: int) -> RankRows:
        """Return them as a ranker reads them, on top of the log-odds of retrieval."""
        fields = value_columns(edges, self.value_KN)
        rows = RankRows.of(self.impressions, self.histories, fields, max_length=max_length)
        return replace(rows, base_K=np.ascontiguousarray(self.value_KN[:, 0]))

    def met(self, num_items: int) -> np.ndarray:
        """Return ``[V]`` bool: items of a list or of a history."""
        met_V = np.zeros(num_items, dtype=bool)
        met_V[self.impressions.item_K] = True
        met_V[self.histories.item[self.histories.events()]] = True
        return met_V

    def edges(self, sources: tuple[Source, ...]) -> dict[str, np.ndarray]:
        """Return for each source up to 17 quantiles of its values, at least two."""
        edges = {}
        for place, source in enumerate(sources):
            value = self.value_KN[:, place]
            value = value[~np.isnan(value)]
            spread = np.quantile(value, np.linspace(0, 1, _PIECES + 1)) if len(value) else np.zeros(1)
            edge = np.unique(spread.astype(np.float32))
            edges[source.name] = edge if len(edge) > 1 else np.append(edge, edge[0] + 1).astype(np.float32)
        return edges

    def scale(self) -> float:
        """Return what log-odds of retrieval are multiplied by so that targets are as likely as they say.

        A network that is weighed with other parts, or that knows its log by heart, is too sure of itself.
        """
        shown = self.impressions
        assert shown.propensity_K is not None
        base_K, drawn_K = self.value_KN[:, 0].astype(np.float64), np.log(shown.propensity_K)
        first, row_K, own_K = shown.offsets[:-1], shown.rows(), shown.labels[ACTION] > 0

        def loss(scale: float) -> float:
            logit_K = scale * base_K - drawn_K
            top_E = np.maximum.reduceat(logit_K, first)
            sum_E = np.add.reduceat(np.exp(logit_K - top_E[row_K]), first)
            return float((np.log(sum_E) + top_E - logit_K[own_K]).mean())

        return float(min(_SCALES, key=loss))

    def ndcg(self, score_K: np.ndarray, weight_E: np.ndarray) -> float:
        """Return the weighted NDCG@10 of the order of `score_K`; a target that is no candidate is a miss."""
        shown = self.impressions
        row_K, found = shown.rows(), shown.labels[ACTION] > 0
        own_E = np.full(len(shown), np.inf)
        own_E[row_K[found]] = score_K[found]
        before_K = (score_K > own_E[row_K]) | ((score_K == own_E[row_K]) & ~found)
        rank_E = np.bincount(row_K[before_K], minlength=len(shown))
        hit_E = np.isfinite(own_E) & (rank_E < 10)
        return float((weight_E * hit_E / np.log2(rank_E + 2.0)).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """Where examples come from: sources that know nothing of the targets.

    Parameters
    ----------
    sources
        N of them.
    known_V
        ``[V]`` bool: items that they know.
    config
        How many negatives.
    seed
        Of the draws.
    """

    sources: tuple[Source, ...]
    known_V: np.ndarray
    config: SecondStageConfig
    seed: int

    def scaled(self, scale: float) -> Mine:
        """Return the same with the scores of retrieval multiplied by `scale`."""
        first, *others = self.sources
        return replace(self, sources=(replace(first, scale=scale), *others))

    def readable(self, queries: Queries) -> np.ndarray:
        """Return ``[E]`` bool: whether the sources know the target and something of the history."""
        lengths_E = queries.histories.only(self.known_V).lengths
        answerable_E: np.ndarray = (lengths_E > 0) & self.known_V[queries.target]
        return answerable_E

    def examples(self, queries: Queries) -> Mined:
        """Return each target and the negatives beside it, the target first."""
        rng, known = np.random.default_rng([self.seed, 3]), np.flatnonzero(self.known_V)

        def beside(target: int, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            pool = pool[pool != target]
            hard = rng.permutation(pool)[: self.config.hard]
            far = np.unique(known[rng.integers(len(known), size=2 * self.config.random)])
            far = rng.permutation(far[~np.isin(far, pool) & (far != target)])[: self.config.random]
            others = max(len(known) - len(pool) - 1, 1)
            share = [1.0, len(hard) / max(len(pool), 1), len(far) / others]
            drawn_L = np.repeat(share, [1, len(hard), len(far)])
            return np.concatenate([[target], hard, far]).astype(np.int64), drawn_L

        hidden = rng.random(len(queries)) < _HIDDEN
        return self._mined(queries, beside, np.where(hidden, NO_TIME, queries.target_time))

    def pools(self, queries: Queries) -> Mined:
        """Return all candidates of each history, the target among them where a source proposed it."""

        def beside(target: int, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return pool, np.ones(len(pool))

        return self._mined(queries, beside, np.full(len(queries), NO_TIME))

    def _mined(self, queries: Queries, beside: Beside, time_E: np.ndarray) -> Mined:
        items: list[np.ndarray] = []
        drawn: list[np.ndarray] = []
        values: list[np.ndarray] = []
        lengths: list[int] = []
        step = max(1, min(256, _CELLS // len(self.known_V)))
        for first in range(0, len(queries), step):
            histories = queries.histories.take(slice(first, first + step))
            boards = boards_of(self.sources, histories, known_V=self.known_V)
            allowed = Allowed(known_V=self.known_V).without_seen(histories, queries.targets)
            found = propose(self.sources, boards, allowed=allowed)
            pools = np.split(found.item_S, found.offsets[1:-1])
            lists = [
                beside(target, pool)
                for target, pool in zip(queries.target[first : first + step].tolist(), pools, strict=True)
            ]
            lengths += [len(item_L) for item_L, _ in lists]
            items.append(np.concatenate([item_L for item_L, _ in lists]))
            drawn += [drawn_L for _, drawn_L in lists]
            rows = np.repeat(np.arange(len(lists)), lengths[first:])
            values.append(values_at(boards, rows, items[-1]))
        item_K = np.concatenate(items)
        target_K = np.repeat(queries.target, lengths)
        impressions = Impressions(
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            user_I=np.full(len(queries), -1, dtype=np.int32),
            time_I=time_E,
            item_K=item_K.astype(np.int32),
            labels={ACTION: (item_K == target_K).astype(np.float32)},
            propensity_K=np.concatenate(drawn),
        )
        return Mined(impressions=impressions, histories=queries.histories, value_KN=np.concatenate(values))
