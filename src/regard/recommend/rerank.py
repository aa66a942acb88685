"""Re-ranking: candidates and a policy in, lists out, with what each rule moved from where to where.

The list is filled once under all rules. To tell what each rule did it is also filled under the first rule
alone, the first two, and so on: the moves of an item add up from its place among the candidates to its
place in the list. Each user is computed alone, so a list does not depend on who else asks. It does not know
where candidates come from.

Shape letters: U users, K candidates, k places of a list, C candidates of one user with pinned items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl

from regard.data.histories import Histories
from regard.data.packing import NO_TIME
from regard.errors import ConfigError
from regard.models.protocols import Ranked
from regard.recommend.filters import Allowed
from regard.recommend.policy import Policy
from regard.recommend.ranking import empty_ranking
from regard.recommend.rules.base import Asked, Effect, Moved, Order, Shared
from regard.recommend.rules.context import Context
from regard.recommend.rules.fill import fill

__all__ = ["MOVES", "UNMET", "Reranked", "rerank"]

MOVES: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {
        "user": pl.Int64,
        "item": pl.Int64,
        "rule": pl.String,
        "from": pl.Int64,
        "to": pl.Int64,
        "direct": pl.Boolean,
        "reason": pl.String,
    }
)
UNMET: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {"user": pl.Int64, "rule": pl.String, "reason": pl.String}
)
_OTHERS = "others moved"
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranked:
    """Lists after a policy.

    Parameters
    ----------
    ranked
        ``[U, k]`` items, -1 where a list is short; scores are those of the candidates, NaN for a pinned item
        that was none.
    moves
        A row for each rule and item that the rule moved within, into or out of a list: ``user`` (row),
        ``item`` (number), ``rule`` (name), ``from`` (place from 1, beyond k for candidates that were not in
        the list; null for a pinned item that was no candidate), ``to`` (null: left out of the list),
        ``direct`` (False where the rule acted on others and this item only made or took room) and ``reason``.
    unmet
        What could not be held: ``user``, ``rule``, ``reason``.
    """

    ranked: Ranked
    moves: pl.DataFrame
    unmet: pl.DataFrame


def rerank(
    candidates: Ranked,
    *,
    k: int,
    policy: Policy,
    context: Context,
    histories: Histories | None = None,
    allowed: Allowed | None = None,
) -> Reranked:
    """Make lists of candidates under a policy.

    Parameters
    ----------
    candidates
        ``[U, K]`` best first; more than `k` for each user, or rules have nothing to choose from.
    k
        Length of the lists.
    policy
        The rules; without any the lists are the first `k` candidates.
    context
        What is known of the items.
    histories
        ``[U]`` the users' events, for calibration; when they ask (`Histories.asked`) is the moment from which
        freshness counts. None: nothing is known of them.
    allowed
        Which items beside the candidates may be pinned to whom; None: none.

    Raises
    ------
    ConfigError
        If `k` is less than 1 or a rule names what the catalogue does not have.
    """
    if k < 1:
        raise ConfigError(f"k = {k}: a list needs at least one item; give k >= 1")
    policy.check(context)
    users = len(candidates.item_UK)
    assert histories is None or len(histories) == users
    histories = histories if histories is not None else Histories.of([[] for _ in range(users)])
    ranked, moves, unmet = empty_ranking(users, k), _Rows(list(MOVES)), _Rows(list(UNMET))
    for user, asked in enumerate(_asked(candidates, policy, context, histories, allowed)):
        effects = [rule.effect(asked) for rule in policy.rules]
        orders = [fill(asked, [], k=k)]
        for number, effect in enumerate(effects):
            orders.append(orders[-1] if effect.idle else fill(asked, effects[: number + 1], k=k))
        chosen = orders[-1].chosen
        score_C = np.full(len(asked.item_C), np.nan, dtype=np.float32)
        score_C[: asked.ranked] = candidates.score_UK[user, : asked.ranked]
        ranked.item_UK[user, : len(chosen)] = asked.item_C[chosen]
        ranked.score_UK[user, : len(chosen)] = score_C[chosen]
        for number, rule in enumerate(policy.rules):
            before, after = orders[number], orders[number + 1]
            for candidate in _changed(before, after):
                moved = Moved(asked=asked, candidate=candidate, before=before, after=after)
                why = effects[number].why(moved)
                places = [_place(before, candidate), _place(after, candidate, most=len(after.chosen))]
                said = [why is not None, why or _OTHERS]
                moves.add([user, int(asked.item_C[candidate]), rule.label, *places, *said])
            for reason in _problems(effects[number], orders[-1], number, k=k):
                unmet.add([user, rule.label, reason])
    return Reranked(ranked=ranked, moves=moves.frame(MOVES), unmet=unmet.frame(UNMET))


def _asked(
    candidates: Ranked, policy: Policy, context: Context, histories: Histories, allowed: Allowed | None
) -> Iterator[Asked]:
    """Yield the candidates of each user, with the items that may be pinned to them."""
    pins = [number for rule in policy.rules if (number := rule.pinned(context)) is not None]
    pin_P = np.array(pins, dtype=np.int64)
    shown, had = candidates.item_UK, histories.item[histories.events()].astype(np.int64)
    item_I = np.unique(np.concatenate([shown[shown >= 0], had, pin_P]))
    tags = {column: context.tags(column, item_I) for column in policy.columns}
    shared = Shared(context=context, item_I=item_I, tags=tags)
    for user in range(len(shown)):
        count = int((shown[user] >= 0).sum())
        item_C, score_C = shown[user, :count], candidates.score_UK[user, :count].astype(np.float64)
        assert (item_C >= 0).all(), "empty places come last"
        assert (np.diff(score_C) <= 0).all(), "candidates come best first"
        extra = pin_P[~np.isin(pin_P, item_C)]
        may = (
            np.zeros(len(extra), dtype=np.bool_)
            if allowed is None
            else allowed.allows(np.full(len(extra), user), extra)
        )
        yield Asked(
            shared=shared,
            item_C=np.concatenate([item_C, extra[may]]),
            relevance_C=np.concatenate([_between_0_and_1(score_C), np.zeros(int(may.sum()))]),
            ranked=count,
            refused=frozenset(extra[~may].tolist()),
            history_T=histories.items_of(user).astype(np.int64),
            now=_now(histories, user, context),
        )


def _now(histories: Histories, user: int, context: Context) -> int | None:
    asked = NO_TIME if histories.asked is None else int(histories.asked[user])
    return context.now if asked == NO_TIME else asked


def _between_0_and_1(score_C: np.ndarray) -> np.ndarray:
    if len(score_C) == 0 or score_C[0] == score_C[-1]:
        return np.zeros(len(score_C))
    finite = np.clip(score_C, -_LARGEST, _LARGEST)  # a score may be infinite
    scaled: np.ndarray = (finite - finite[-1]) / (finite[0] - finite[-1])
    return scaled


def _changed(before: Order, after: Order) -> list[int]:
    """Return the candidates that stand elsewhere in one of two lists, in the order of the later list."""
    listed = list(dict.fromkeys([*after.chosen, *before.chosen]))
    return [one for one in listed if before.place_C[one] != after.place_C[one]]


def _place(order: Order, candidate: int, *, most: int | None = None) -> int | None:
    place = int(order.place_C[candidate])
    return None if place == 0 or (most is not None and place > most) else place


def _problems(effect: Effect, order: Order, number: int, *, k: int) -> Iterator[str]:
    """Yield what could not be held of one rule."""
    if effect.problem:
        yield effect.problem
    if effect.pin is not None and order.place_C[effect.pin] == 0:
        yield "another rule blocks the item"
    if number in order.pinned_late:
        yield f"the list has only {len(order.chosen)} items: pinned at {order.pinned_late[number] + 1}"
    if number in order.over:
        assert effect.cap is not None
        for name in order.over[number]:
            held = effect.cap.has_CG[order.chosen, effect.cap.names.index(name)].sum()
            yield f"{held} of {name}, at most {effect.cap.most}: pinned, or nothing else was left"
    more = len(order.chosen) < min(k, int((order.place_C > 0).sum()))
    if more and effect.cap is not None and not effect.cap.fill:
        yield f"only {len(order.chosen)} of {k} places could be filled"


class _Rows:
    """Rows of a table, gathered one by one."""

    def __init__(self, names: list[str]) -> None:
        self._rows: list[list[object]] = []
        self._names = names

    def add(self, row: list[object]) -> None:
        assert len(row) == len(self._names)
        self._rows.append(row)

    def frame(self, schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
        return pl.DataFrame(self._rows, schema=dict(schema), orient="row")
