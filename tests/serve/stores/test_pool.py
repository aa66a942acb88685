"""Connections are lent to one at a time, used again, and not after an error."""

from __future__ import annotations

import pytest

from regard.errors import StoreDown
from regard.serve.stores.pool import Pool


class Line:
    """A connection that knows whether it is open."""

    def __init__(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False


def test_two_at_once_are_two_and_one_after_the_other_is_one() -> None:
    pool = Pool(Line, name="store")
    with pool.lend() as first, pool.lend() as second:
        assert first is not second
    with pool.lend() as third:
        assert third in (first, second)


def test_after_an_error_a_connection_is_closed_and_not_lent_again() -> None:
    pool = Pool(Line, name="store")
    with pytest.raises(ZeroDivisionError), pool.lend() as broken:
        raise ZeroDivisionError
    assert not broken.is_open
    with pool.lend() as next_one:
        assert next_one is not broken


def test_closing_closes_those_that_come_back_too() -> None:
    pool = Pool(Line, name="store")
    with pool.lend() as lent:
        with pool.lend() as idle:
            pass
        pool.close()
        assert (idle.is_open, lent.is_open) == (False, True)
    assert not lent.is_open
    with pytest.raises(StoreDown, match="store: is closed"), pool.lend():
        pass
