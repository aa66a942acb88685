"""The reliability diagram shows the numbers of its tables, whatever they are."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("altair")
pytest.importorskip("vl_convert")

from regard.evaluation.reliability import reliability
from regard.evaluation.reliability_plot import reliability_plot

DRAW = np.random.default_rng(0)
CHANCE = DRAW.beta(1, 3, 4_000)
LABEL = (DRAW.random(4_000) < CHANCE).astype(np.float32)


def words(svg: str) -> list[str]:
    return [part.strip() for part in ElementTree.fromstring(svg).itertext() if part.strip()]


def test_each_system_is_named_with_its_error_and_has_a_point_for_each_bin() -> None:
    tables = {"<true>": reliability(LABEL, CHANCE), "halved": reliability(LABEL, CHANCE / 2)}
    svg = reliability_plot(tables)
    for name, table in tables.items():
        assert f"{name} (error {table.error:.3f})" in words(svg)
    points = [one for one in ElementTree.fromstring(svg).iter() if "candidates" in one.get("aria-label", "")]
    assert len(points) == sum(len(table.count) for table in tables.values())


@pytest.mark.parametrize("chance", [0.0, 0.002, 1.0])
def test_rare_actions_and_a_single_bin_can_be_drawn(chance: float) -> None:
    label = np.zeros(1_000)
    label[:2] = 1
    assert "Share that happened" in words(
        reliability_plot({"one": reliability(label, np.full(1_000, chance))})
    )
