"""Candidates of one user, for the rules one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data.vocab import Vocab
from regard.recommend.rules.base import Asked, Shared
from regard.recommend.rules.context import Context


@pytest.fixture
def asking() -> Callable[..., Asked]:
    """Make candidates 0, 1, 2 ... of a table, in falling relevance, with a history and further context."""

    def make(table: dict[str, list[Any]], history: tuple[int, ...] = (), **more: Any) -> Asked:
        frame = pl.DataFrame(table)
        number = np.arange(len(frame))
        context = Context(items=Vocab.of(number.tolist()), table=frame, **more)
        return Asked(
            shared=Shared(
                context=context,
                item_I=number,
                tags={name: context.tags(name, number) for name in frame.columns if name != "released"},
            ),
            item_C=number,
            relevance_C=np.linspace(1, 0, len(number)),
            ranked=len(number),
            refused=frozenset(),
            history_T=np.array(history, dtype=np.int64),
            now=context.now,
        )

    return make
