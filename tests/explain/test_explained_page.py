"""A page of an explanation needs nothing else and says what is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import ConfigError
from regard.explain.explained_page import write_explanation
from regard.explain.weights import every_head
from regard.model import Model


def test_the_sentence_the_bars_and_the_heads_are_there(coloured: Model, tmp_path: Path) -> None:
    found = coloured.explain(user="u0", item="i7")
    read = coloured.recommender.read(coloured.recommender.histories.take([0]))  # type: ignore[arg-type]
    heads = every_head(coloured.recommender.scorer, read)
    page = write_explanation(tmp_path / "a" / "e.html", found, heads_LNE=heads).read_text(encoding="utf-8")
    assert found.text in page
    assert page.count("<svg") == 2
    assert "where the model looked, not why" in page
    assert "colour (item)" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_it_can_be_chinese_and_a_cold_user_has_a_page_too(coloured: Model, tmp_path: Path) -> None:
    cold = coloured.explain(history=[], item="i7")
    page = write_explanation(tmp_path / "z.html", cold, language="zh").read_text(encoding="utf-8")
    assert '<html lang="zh">' in page
    assert "仅依据热门程度" in page
    assert "<svg" not in page
    with pytest.raises(ConfigError, match="told in en and zh"):
        write_explanation(tmp_path / "x.html", cold, language="fr")  # type: ignore[arg-type]
