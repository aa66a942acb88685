"""Sources of a second stage: fitted to the early part of the log, then brought up to where validation begins."""

from __future__ import annotations

import numpy as np

from regard.data.split import SplitSpec, hold_out
from regard.model import Model
from regard.recipes.two_stage import two_stage_tiny
from regard.recommend.candidates import spread_of
from regard.train.fitting import Watch
from regard.train.stage_sources import Retrieving, early_sources, later_sources, neighbours_of


def test_later_sources_know_what_came_in_between_and_are_as_sure_as_before(coloured: Model) -> None:
    train, second = coloured.train, two_stage_tiny(coloured.train).second
    late = hold_out(train, SplitSpec(quantile=0.9))
    early = hold_out(train, SplitSpec(quantile=0.3)).train
    how = Retrieving(
        config=coloured.config.changed(train=coloured.config.train.changed(epochs=1)),
        split=coloured.split,
        options=coloured.options,
        columns=coloured.items.columns,
        second=second,
    )
    mine, fitted = early_sources(early, how, Watch())
    before = {name: weight.clone() for name, weight in fitted.model.state_dict().items()}
    mine = mine.scaled(0.5)
    later = later_sources(mine, fitted, late.train, how, Watch(), asked=late.queries)
    assert later is not None
    assert (mine.known_V == (early.item_counts > 0)).all()
    assert (later.known_V == (late.train.item_counts > 0)).all()
    readable = np.flatnonzero(mine.readable(late.queries) & later.readable(late.queries))[:256]
    histories = late.queries.histories.take(readable)
    sure = [spread_of(one.sources[0], histories, known_V=one.known_V) for one in (mine, later)]
    np.testing.assert_allclose(sure[0], sure[1], rtol=0.3)
    for name, weight in fitted.model.state_dict().items():
        assert weight.equal(before[name]), (
            f"{name}: the early model, whose candidates were learned from, has changed"
        )


def test_no_neighbours_are_made_where_none_are_asked_for(coloured: Model) -> None:
    second = two_stage_tiny(coloured.train).second
    assert neighbours_of(coloured.train, second) is not None
    assert neighbours_of(coloured.train, second.changed(similar=0)) is None
