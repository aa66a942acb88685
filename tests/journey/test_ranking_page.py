"""The Python of docs/ranking.md runs as it stands, and its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import regard
from regard.attached import AttachedPipeline
from regard.cli.main import COMMANDS
from regard.pipeline import Pipeline
from regard.train.two_stage_config import SecondStageConfig

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ranking.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def run(code: str, names: dict[str, object]) -> None:
    exec(compile(code, "docs/ranking.md", "exec"), names)


def test_two_stages_as_the_page_has_them(
    colours: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    events = colours[0].with_columns(pl.col("user_id").str.slice(1).cast(pl.Int64))
    names: dict[str, object] = {"events": events}
    fit, after, good = (
        block.replace(
            'recipe="two-stage")', 'recipe="two-stage-tiny", settings={"train.epochs": 1})'
        ).replace(
            "regard.fit(events)", 'regard.fit(events, recipe="sequential-tiny", settings={"epochs": 1})'
        )
        for block in BLOCKS[:3]
    )
    small = "SecondStageConfig(examples=200, shape={'width': 8})"
    run(fit, names)
    assert isinstance(names["model"], Pipeline)
    run(
        after.replace("add_second_stage(retrieval)", f"add_second_stage(retrieval, {small})"),
        names | {"regard": regard, "SecondStageConfig": SecondStageConfig},
    )
    run(good, names)


def test_a_ranker_as_the_page_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    rows = {"user_id": draw.integers(0, 9, 300), "item_id": draw.integers(0, 20, 300)}
    shown = pl.DataFrame(rows | {"timestamp": np.arange(300), "click": draw.integers(0, 2, 300)})
    shown = shown.with_columns(purchase=pl.col("click") * draw.integers(0, 2, 300))
    items = pl.DataFrame({"item_id": range(20), "brand": ["a", "b"] * 10})
    candidates = pl.DataFrame({"user_id": [1, 1], "item_id": [3, 4], "timestamp": [400, 400]})
    names: dict[str, object] = {"shown": shown, "items": items, "candidates": candidates}
    run(BLOCKS[3].replace("items=items)", "items=items, settings={'train': {'epochs': 1}})"), names)
    assert len(names["worth"]) == 2  # type: ignore[arg-type]
    events = shown.filter(pl.col("click") == 1).with_columns(user_id=pl.col("user_id") + 15)
    names |= {"regard": regard, "events": events}
    tiny = 'regard.fit(events, recipe="sequential-tiny", settings={"epochs": 1})'
    run(BLOCKS[4].replace("regard.fit(events)", tiny), names)
    assert isinstance(regard.load("both"), AttachedPipeline)


def test_its_commands_exist_and_its_figures_are_those_of_the_recipe() -> None:
    assert {*re.findall(r"^regard (\w+)", PAGE, re.MULTILINE)} <= set(COMMANDS)
    config = SecondStageConfig()
    assert (config.retrieval, config.popular, config.recent, config.similar) == (200, 30, 30, 50)
    assert (config.hard, config.random, config.recent_share) == (40, 10, 1 / 16)
