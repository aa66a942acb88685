"""Lists in micro-batches: the same alone as in company, bounded, and never in the way of the event loop."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from regard.serve.engine import Ask, Engine, popular, rankings
from regard.serve.problems import Problem
from regard.serve.snapshot import Snapshot


def ask(snapshot: Snapshot, user: str = "u1", **more: object) -> Ask:
    return Ask(snapshot=snapshot, history=snapshot.past(user, []), **more)  # type: ignore[arg-type]


def test_a_list_is_the_same_alone_as_in_company(shop: Snapshot) -> None:
    asks = [ask(shop, f"u{n}") for n in range(64)]
    together = rankings(asks)
    for one, company in zip(asks, together, strict=True):
        alone = rankings([one])[0]
        assert alone.items == company.items
        assert np.allclose(alone.scores, company.scores, rtol=1e-5, atol=1e-5)


def test_what_serves_is_what_the_model_recommends(shop: Snapshot) -> None:
    frame = shop.model.recommend(
        users=["u1"], k=5, only=["i1", "i2", "i3", "i4"], exclude=["i2"], exclude_seen=False
    )
    served = rankings([ask(shop, k=5, allow=("i1", "i2", "i3", "i4"), deny=("i2",), exclude_seen=False)])[0]
    assert served.items == frame["item_id"].to_list()
    assert np.allclose(served.scores, frame["score"].to_numpy(), rtol=1e-5)


def test_requests_of_all_kinds_share_a_batch_and_get_their_own_lists(shop: Snapshot) -> None:
    engine = Engine(100)
    asks = [ask(shop, f"u{n}", k=3 + n % 2, deny=("i1",) if n % 3 else None) for n in range(20)]

    async def all_at_once() -> list[list[object]]:
        return [one.items for one in await asyncio.gather(*(engine.rank(one) for one in asks))]

    try:
        assert asyncio.run(all_at_once()) == [rankings([one])[0].items for one in asks]
        assert engine.batches < engine.answered == 20
    finally:
        engine.close()


def test_more_than_may_wait_is_refused_at_once(shop: Snapshot) -> None:
    engine = Engine(4)

    async def flood() -> list[object]:
        return await asyncio.gather(*(engine.rank(ask(shop)) for _ in range(40)), return_exceptions=True)

    try:
        answers = asyncio.run(flood())
    finally:
        engine.close()
    refused = [one for one in answers if isinstance(one, Problem)]
    assert refused
    assert all((one.status, one.headers) == (503, {"retry-after": "1"}) for one in refused)
    assert len(answers) - len(refused) >= 4


def test_the_event_loop_goes_on_while_lists_are_made(shop: Snapshot) -> None:
    engine = Engine(10_000)

    async def longest_pause() -> float:
        work = asyncio.gather(*(engine.rank(ask(shop, f"u{n % 120}")) for n in range(600)))
        worst, last = 0.0, time.perf_counter()
        while not work.done():
            await asyncio.sleep(0.001)
            worst, last = max(worst, time.perf_counter() - last), time.perf_counter()
        await work
        return worst

    try:
        asyncio.run(longest_pause())
        began = time.perf_counter()
        worst = asyncio.run(longest_pause())
        assert worst < 0.5 * (time.perf_counter() - began)
    finally:
        engine.close()


def test_a_mistake_of_the_model_reaches_who_waits_and_the_engine_goes_on(shop: Snapshot) -> None:
    engine = Engine(10)

    async def broken_then_good() -> int:
        with pytest.raises(AttributeError):
            await engine.rank(Ask(snapshot=shop, history=None))  # type: ignore[arg-type]
        return len((await engine.rank(ask(shop))).items)

    try:
        assert asyncio.run(broken_then_good()) == 10
    finally:
        engine.close()


def test_popular_items_are_those_that_the_model_gives_to_nobody_known(shop: Snapshot) -> None:
    nobody = Ask(snapshot=shop, history=shop.bare([], None), k=12, deny=("i3", "i4"))
    assert popular(nobody).items == rankings([nobody])[0].items
    few = Ask(snapshot=shop, history=shop.bare([], None), allow=("i9", "i8", "nothing"))
    assert popular(few).items == rankings([few])[0].items
    assert len(popular(few).items) == 2
