"""Recommend under a policy: what a caller asks by ids, answered with lists that say what was moved and why.

It asks a `Recommender` for more than is shown, re-ranks that, and puts ids back. It knows neither rules nor
scores.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from regard.data.histories import Histories
from regard.data.vocab import Vocab
from regard.models.protocols import Ranked
from regard.recommend.filters import Allowed
from regard.recommend.policy import Policy
from regard.recommend.ranking import empty_ranking
from regard.recommend.recommender import Recommender
from regard.recommend.request import (
    HistoriesLike,
    Ids,
    Request,
    asked_at,
    mask_of,
    request_of_histories,
    request_of_users,
)
from regard.recommend.rerank import rerank
from regard.recommend.rules.context import Context

__all__ = ["PolicyAnswer", "PolicyRequest", "move_sentences", "plain_lists", "recommend_with_policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRequest:
    """What is asked; each field means what the argument of `Recommender.recommend` of this name means.

    Parameters
    ----------
    candidates
        How many items of each user the policy chooses from; at least `k`.
    """

    users: Ids | None = None
    histories: HistoriesLike | None = None
    times: Any = None
    k: int = 10
    exclude_seen: bool = True
    only: Ids | None = None
    exclude: Ids | None = None
    at: Any = None
    candidates: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAnswer:
    """Lists under a policy.

    Parameters
    ----------
    frame
        As of `Recommender.recommend`, with a column ``moved`` that says in words what moved the item; empty
        where nothing did. ``score`` is the model's, null for a pinned item that was no candidate; its
        ``source`` is ``"policy"``.
    moves, unmet
        As of `regard.recommend.rerank.Reranked`, with the caller's ids in ``user`` and ``item``.
    """

    frame: pl.DataFrame
    moves: pl.DataFrame
    unmet: pl.DataFrame


def plain_lists(recommender: Recommender, request: PolicyRequest) -> pl.DataFrame:
    """Return what `Recommender.recommend` says to a request: no rules, and `candidates` is not read."""
    return recommender.recommend(
        users=request.users,
        histories=request.histories,
        times=request.times,
        k=request.k,
        exclude_seen=request.exclude_seen,
        only=request.only,
        exclude=request.exclude,
        at=request.at,
    )


def recommend_with_policy(
    recommender: Recommender, policy: Policy, context: Context, request: PolicyRequest
) -> PolicyAnswer:
    """Recommend, and re-rank by a policy.

    Raises
    ------
    ConfigError
        As `Recommender.recommend` does; if a rule names what the catalogue does not have.
    """
    chosen_from = max(request.k, request.candidates) if request.k >= 1 else request.k
    found = plain_lists(recommender, replace(request, k=chosen_from))
    asked = _request(recommender, request)
    row_U, candidates = _candidates(found, asked, recommender.items)
    histories = asked.histories if request.at is None else asked_at(asked.histories, request.at)
    histories = histories.take(row_U)
    reranked = rerank(
        candidates,
        k=request.k,
        policy=policy,
        context=context,
        histories=histories,
        allowed=_allowed(recommender, request, histories),
    )
    ids = asked.ids[row_U]
    return PolicyAnswer(
        frame=_frame(reranked.ranked, found, reranked.moves, ids, recommender.items),
        moves=reranked.moves.with_columns(
            ids.gather(reranked.moves["user"]).alias("user"),
            recommender.items.decode(reranked.moves["item"].to_numpy()).alias("item"),
        ),
        unmet=reranked.unmet.with_columns(ids.gather(reranked.unmet["user"]).alias("user")),
    )


def move_sentences(moves: pl.DataFrame) -> pl.DataFrame:
    """Return ``user``, ``item`` and a sentence ``moved`` that joins the moves of an item.

    Examples
    --------
    >>> rows = [[0, 4, "diversity", 7, 3, True, ""], [0, 5, "cap brand", 3, None, True, ""]]
    >>> names = ["user", "item", "rule", "from", "to", "direct", "reason"]
    >>> move_sentences(pl.DataFrame(rows, schema=names, orient="row"))["moved"].to_list()
    ["moved from 7 to 3 by 'diversity'", "left out from 3 by 'cap brand'"]
    """
    start, to = pl.col("from").cast(pl.String), pl.col("to").cast(pl.String)
    moved = (
        pl.when(pl.col("to").is_null())
        .then(pl.concat_str(pl.lit("left out from "), start))
        .when(pl.col("from").is_null())
        .then(pl.concat_str(pl.lit("put at "), to))
        .otherwise(pl.concat_str(pl.lit("moved from "), start, pl.lit(" to "), to))
    )
    by = pl.when("direct").then(pl.lit(" by '")).otherwise(pl.lit(" to make or take room by '"))
    sentence = pl.concat_str(moved, by, pl.col("rule"), pl.lit("'"))
    return moves.group_by("user", "item", maintain_order=True).agg(sentence.str.join("; ").alias("moved"))


def _request(recommender: Recommender, request: PolicyRequest) -> Request:
    if request.histories is not None:
        return request_of_histories(request.histories, times=request.times, items=recommender.items)
    assert request.users is not None
    return request_of_users(request.users, vocab=recommender.users, histories=recommender.histories)


def _candidates(found: pl.DataFrame, asked: Request, items: Vocab) -> tuple[np.ndarray, Ranked]:
    """Return the row of the request that each list belongs to, and the lists by number.

    A user without any item has no list. Who is asked for twice has the same list twice.
    """
    rank = found["rank"].to_numpy()
    list_R = np.cumsum(rank == 1) - 1
    first = {one: row for row, one in reversed(list(enumerate(asked.ids.to_list())))}
    owners = found["user_id"].filter(pl.Series(rank == 1)).to_list()
    ranked = empty_ranking(len(owners), int(rank.max()) if len(rank) else 1)
    ranked.item_UK[list_R, rank - 1] = items.encode(found["item_id"])
    ranked.score_UK[list_R, rank - 1] = found["score"].to_numpy()
    return np.array([first[owner] for owner in owners], dtype=np.int64), ranked


def _allowed(recommender: Recommender, request: PolicyRequest, histories: Histories) -> Allowed:
    items, known_V = recommender.items, recommender.known_V
    allowed = Allowed(
        known_V=known_V,
        only_V=mask_of(request.only, items=items, known_V=known_V, required=False),
        exclude_V=mask_of(request.exclude, items=items, known_V=known_V, required=False),
    )
    return allowed.without_seen(histories, recommender.targets) if request.exclude_seen else allowed


def _frame(
    ranked: Ranked, found: pl.DataFrame, moves: pl.DataFrame, ids: pl.Series, items: Vocab
) -> pl.DataFrame:
    row, place = np.nonzero(ranked.item_UK >= 0)
    score = ranked.score_UK[row, place]
    per_list = found.filter(pl.col("rank") == 1)
    item = ranked.item_UK[row, place]
    frame = pl.DataFrame(
        [
            ids[row].rename("user_id"),
            items.decode(item).rename("item_id"),
            pl.Series("score", score).fill_nan(None),
            pl.Series("rank", place + 1),
            per_list["source"].gather(row).zip_with(pl.Series(~np.isnan(score)), pl.Series(["policy"])),
            per_list["unknown_items"].gather(row),
            pl.Series("user", row, dtype=pl.Int64),
            pl.Series("item", item, dtype=pl.Int64),
        ]
    )
    joined = frame.join(move_sentences(moves), on=["user", "item"], how="left", maintain_order="left")
    return joined.drop("user", "item").with_columns(pl.col("moved").fill_null(""))
