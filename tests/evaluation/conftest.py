"""Real data and the path that serves, for everything that is measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from regard.data.dataset import Dataset
from regard.data.histories import Histories
from regard.data.vocab import Vocab
from regard.models.protocols import Scorer
from regard.recommend.recommender import Recommender


def dataset_of(histories: Histories, items: int) -> Dataset:
    """A data set of numbers only: user u is called u, item i is called i."""
    users, catalogue = Vocab.of(range(len(histories))), Vocab.of(range(items))
    return Dataset(
        users=users,
        items=catalogue,
        histories=histories,
        item_table=pl.DataFrame({"item_id": catalogue.ids}),
        user_table=pl.DataFrame({"user_id": users.ids}),
    )


@pytest.fixture
def make_dataset() -> Callable[..., Dataset]:
    """Make a data set of lists of item numbers (and times in days)."""

    def make(lists: list[list[int]], items: int, days: list[list[int]] | None = None) -> Dataset:
        times = None if days is None else [[day * 86_400 * 10**6 for day in row] for row in days]
        return dataset_of(Histories.of(lists, times), items)

    return make


@pytest.fixture(scope="session")
def ml100k(shared_data: Path) -> Dataset:
    """MovieLens-100K, sorted by user, time and row."""
    log = pl.read_csv(
        shared_data / "ml-100k" / "u.data", separator="\t", has_header=False, new_columns=list("uirt")
    ).sort("u", "t", maintain_order=True)
    counts = log.group_by("u", maintain_order=True).len()["len"].to_numpy().astype(np.int64)
    stop = np.cumsum(counts)
    histories = Histories(
        start=stop - counts,
        stop=stop,
        item=(log["i"].to_numpy() - 1).astype(np.int32),
        time=log["t"].to_numpy() * 10**6,
    )
    return dataset_of(histories, 1682)


@pytest.fixture(scope="session")
def serve() -> Callable[[Scorer[Any], Dataset], Recommender]:
    """Wrap a scorer as a model is wrapped for serving."""

    def wrap(scorer: Scorer[Any], train: Dataset) -> Recommender:
        return Recommender(
            scorer=scorer,
            users=train.users,
            items=train.items,
            histories=train.histories,
            known_V=train.item_counts > 0,
            popularity_V=train.item_counts,
        )

    return wrap
