"""A small log that a model can learn: each item is followed by the next one."""

from __future__ import annotations

import numpy as np
import pytest

from regard.data.histories import Histories

ITEMS = 12


@pytest.fixture
def histories() -> Histories:
    rng = np.random.default_rng(0)
    rows = [
        ((start + np.arange(length)) % ITEMS).tolist() for start, length in rng.integers(2, ITEMS, (40, 2))
    ]
    return Histories.of(rows)
