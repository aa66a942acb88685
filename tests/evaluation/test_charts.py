"""What plots share: one look, and one clear message where Altair is not there."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("altair")
pytest.importorskip("vl_convert")

from regard.errors import MissingExtraError
from regard.evaluation.charts import ACCENT, altair, svg


def test_a_chart_has_its_size_and_the_common_letters() -> None:
    alt = altair()
    chart = alt.Chart(alt.Data(values=[{"x": 1, "y": 2}])).mark_point(color=ACCENT).encode(x="x:Q", y="y:Q")
    small, large = (svg(chart, height=100, width=width) for width in (100, 200))
    assert "Liberation Sans" in small
    assert small != large


@pytest.mark.parametrize("missing", ["altair", "vl_convert"])
def test_without_altair_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=r"regard\[report\]"):
        altair()
