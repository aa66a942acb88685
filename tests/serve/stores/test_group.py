"""Many threads write, few transactions carry it, and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from regard.errors import StoreDown
from regard.serve.stores.group import GroupWriter, Work


class Ledger:
    """A store in memory whose transactions take a while."""

    def __init__(self) -> None:
        self.entries: list[int] = []
        self.transactions = 0
        self.fails: Exception | None = None

    def transact(self, works: Sequence[Work[list[int]]]) -> list[Any]:
        self.transactions += 1
        time.sleep(0.01)
        if self.fails:
            raise self.fails
        return [work(self.entries) for work in works]


def test_works_that_come_meanwhile_share_a_transaction_and_each_gets_its_own_answer() -> None:
    ledger = Ledger()
    group = GroupWriter(ledger.transact, name="ledger")

    def write(number: int) -> int:
        return group.do(lambda entries: entries.append(number) or number * 2)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(write, range(160))) == [2 * number for number in range(160)]
    group.close()
    assert sorted(ledger.entries) == list(range(160))
    assert ledger.transactions < 80


def test_a_failing_transaction_fails_all_of_its_works_and_the_next_one_works() -> None:
    ledger = Ledger()
    group = GroupWriter(ledger.transact, name="ledger")
    for error in (StoreDown("disk full"), ValueError("a bug")):
        ledger.fails = error
        with pytest.raises(type(error), match=str(error)):
            group.do(len)
    ledger.fails = None
    assert group.do(len) == 0
    group.close()


def test_closing_finishes_what_was_given_and_refuses_more() -> None:
    ledger = Ledger()
    group = GroupWriter(ledger.transact, name="ledger")
    threads = [
        threading.Thread(target=group.do, args=(lambda entries: entries.append(1),)) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    while not ledger.entries:
        time.sleep(0.001)
    time.sleep(0.05)
    group.close()
    for thread in threads:
        thread.join(5)
    assert len(ledger.entries) == 20
    with pytest.raises(StoreDown, match="ledger: is closed"):
        group.do(len)
    group.close()
