"""What is in memory is never older than what was acknowledged, and never more than was allowed."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from regard.serve.snapshot import History
from regard.serve.state import Reading, UserStates


def history(events: int) -> History:
    return History(item_E=np.arange(events, dtype=np.int32), time_E=np.arange(events), fields={})


def kept(states: UserStates, user: str, events: int) -> None:
    states.read(states.reading(user), history(events))


def test_who_was_not_asked_for_the_longest_leaves_first() -> None:
    states = UserStates(3 * 720)
    for user in ("a", "b", "c"):
        kept(states, user, 10)
    assert states.get("a") is not None
    kept(states, "d", 10)
    assert [user for user in "abcd" if states.get(user) is not None] == ["a", "c", "d"]
    assert states.nbytes <= 3 * 720


def test_a_history_larger_than_the_memory_is_not_kept() -> None:
    states = UserStates(1_000)
    kept(states, "a", 1_000)
    assert (len(states), states.nbytes) == (0, 0)


def test_without_memory_nothing_is_kept() -> None:
    states = UserStates(0)
    kept(states, "a", 1)
    assert states.get("a") is None


class Users(RuleBasedStateMachine):
    """Reads and writes of one user in any order: memory holds what the log holds, or nothing."""

    @initialize()
    def start(self) -> None:
        self.states = UserStates(1 << 20)
        self.log = 0
        self.reads: list[tuple[Reading, int | None]] = []
        self.writes: list[tuple[dict[str, History], bool]] = []

    @rule()
    def begin_read(self) -> None:
        self.reads.append((self.states.reading("a"), None))

    @rule(pick=st.integers(0, 5))
    def reach_disk(self, pick: int) -> None:
        if self.reads:
            place = pick % len(self.reads)
            mark, seen = self.reads[place]
            self.reads[place] = (mark, self.log if seen is None else seen)

    @rule(pick=st.integers(0, 5), fails=st.booleans())
    def end_read(self, pick: int, fails: bool) -> None:
        if self.reads:
            mark, seen = self.reads.pop(pick % len(self.reads))
            self.states.read(mark, None if fails or seen is None else history(seen))

    @rule()
    def begin_write(self) -> None:
        self.writes.append((self.states.begin({"a"}), False))

    @rule(pick=st.integers(0, 5))
    def commit(self, pick: int) -> None:
        if self.writes:
            place = pick % len(self.writes)
            before, done = self.writes[place]
            self.log += not done
            self.writes[place] = (before, True)

    @rule(pick=st.integers(0, 5))
    def acknowledge(self, pick: int) -> None:
        if self.writes:
            before, done = self.writes.pop(pick % len(self.writes))
            known = before.get("a")
            good = done and known is not None and self.states.alone("a")
            self.states.end({"a"}, {"a": history(len(known.item_E) + 1)} if good and known else {})

    @invariant()
    def memory_is_the_log(self) -> None:
        found = self.states.get("a")
        if found is not None and not any(done for _, done in self.writes):
            assert len(found.item_E) == self.log


TestUsers = Users.TestCase
TestUsers.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
