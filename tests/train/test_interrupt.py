"""Ctrl-C is noted once; the second one ends the program."""

from __future__ import annotations

import signal
import threading

import pytest

from regard.train.interrupt import Interrupt


def test_the_first_is_noted_and_the_second_does_what_it_always_does() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupt() as interrupt:
        assert not interrupt.asked
        signal.raise_signal(signal.SIGINT)
        assert interrupt.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_nothing_changes() -> None:
    found = []

    def work() -> None:
        before = signal.getsignal(signal.SIGINT)
        with Interrupt():
            found.append(signal.getsignal(signal.SIGINT) is before)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [True]
