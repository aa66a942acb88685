"""Each kind has its coder, and each coder comes back from JSON."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from regard.data.coders.base import Place
from regard.data.coders.choose import coder_from_json, coder_to_json, fit_coder
from regard.data.fields import Field

VALUES = {
    "category": ["a", "a"],
    "set": ["a|b", "a|b"],
    "number": ["1", "2"],
    "price": ["$1", "$2"],
    "time": ["2020-01-01", "2020-01-02"],
    "text": ["red hat", "hat"],
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_coder_survives_json(kind: str) -> None:
    values, place = pl.Series(VALUES[kind]), Place(source="items", column="x")
    field = Field.from_json({"name": "x", "kind": kind})
    coder = fit_coder(field, values, used_R=np.ones(2, dtype=bool), place=place, encoder="")
    entry = json.loads(json.dumps(coder_to_json(coder)))
    assert coder_from_json(entry, {}) == coder
