"""The real formats end to end: files as published are read, learned from, scored and measured."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from regard.cli.rank import app
from regard.data.impression_split import split_impressions
from regard.data.impression_table import read_impressions
from regard.data.sources.impression_logs import read_impression_log
from regard.data.split import SplitSpec
from regard.ranking import RankingModel

FOLDERS = {"criteo": "ctr-samples", "avazu": "ctr-samples", "open-bandit-bts-all": "open-bandit"}
SMALL = ["--set", "train.epochs=1", "--set", "shape.width=8", "--set", "shape.hidden=16"]


def command(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, f"{done.output}\n{done.exception}"
    return done.stdout


@pytest.mark.parametrize("name", FOLDERS)
def test_logs_of_advertisements_are_learned_from_scored_and_measured(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    folder, ranker = str(shared_data / FOLDERS[name]), str(tmp_path / "ranker")
    named = [folder, "--log", name, "--split", "time:0.7"]
    command("fit", *named, "-o", ranker, *SMALL)
    output = tmp_path / "scores.parquet"
    command("score", ranker, *named, "-o", str(output))
    chance = pl.read_parquet(output)["click"].to_numpy()
    assert len(chance) > 0
    assert ((chance >= 0) & (chance <= 1)).all()
    measured = json.loads(command("evaluate", ranker, *named, "--json"))["click"]
    assert measured["candidates"] == len(chance)
    assert np.isfinite(measured["metrics"]["log_loss"]["value"])


@pytest.fixture(scope="module")
def mind(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MIND's folder as published, with the first impressions of the sample in the order of time."""
    log = read_impression_log("mind", shared_data / "mind-sample")
    early = log.shown.filter(pl.col("timestamp") < pl.lit("2019-11-09 09:00:00").str.to_datetime())
    lines = early.group_by("impression_id", maintain_order=True).agg(
        pl.col("user_id").first(),
        pl.col("timestamp").first().dt.strftime("%m/%d/%Y %I:%M:%S %p"),
        pl.col("history").first(),
        pl.concat_str("item_id", pl.lit("-"), "click").str.join(" ").alias("shown"),
    )
    folder = tmp_path_factory.mktemp("MINDsmall_train")
    lines.write_csv(folder / "behaviors.tsv", separator="\t", include_header=False, quote_style="never")
    news = (shared_data / "mind-sample" / "news.tsv.gz").read_bytes()
    (folder / "news.tsv.gz").write_bytes(news)
    return folder


def test_news_are_learned_from_and_measured_by_the_rules_of_mind(mind: Path, tmp_path: Path) -> None:
    ranker, named = str(tmp_path / "ranker"), [str(mind), "--log", "mind", "--split", "time:0.7"]
    command("fit", *named, "-o", ranker, *SMALL)
    measured = json.loads(command("evaluate", ranker, *named, "--json"))["click"]["metrics"]
    model = RankingModel.load(ranker)
    assert model.past.kind == "given"
    assert {"category", "entities"} <= set(model.item_columns.columns)
    log = read_impression_log("mind", mind)
    read = read_impressions(log.shown, columns=log.columns, users=model.users, items=model.items)
    asked = split_impressions(read.impressions, SplitSpec(quantile=0.7)).test
    label_K, logit_K = asked.labels["click"], model.logits(asked)[:, 0]
    draw = np.random.default_rng(0)
    # A submission has no ties, and articles of which nothing is known have equal scores: draw lots, often.
    drawn = pl.DataFrame(
        [
            by_mind(label_K, np.lexsort((draw.random(len(logit_K)), logit_K)).argsort(), asked.offsets)
            for _ in range(40)
        ]
    )
    for name in drawn.columns:
        assert measured[name]["value"] == pytest.approx(drawn[name].mean(), abs=0.004), name


def by_mind(label_K: np.ndarray, place_K: np.ndarray, offsets: np.ndarray) -> dict[str, float]:
    """Judge each impression alone as MIND's evaluate.py does, from the ranks that a submission has.

    `place_K` are scores without ties, higher is better.
    """
    found = []
    for low, high in pairwise(offsets):
        label = label_K[low:high]
        if label.min() == label.max():
            continue
        score = 1 / (1 + np.argsort(np.argsort(-place_K[low:high])))
        best, ideal = label[np.argsort(score)[::-1]], np.sort(label)[::-1]
        one = {
            "impression_auc": (score[label == 1][:, None] > score[label == 0][None]).mean(),
            "mrr": (best / np.arange(1, len(label) + 1)).sum() / label.sum(),
        }
        for k in (5, 10):
            discount = 1 / np.log2(np.arange(2, min(k, len(label)) + 2))
            gain, most = ((2 ** many[:k] - 1) @ discount for many in (best, ideal))
            one[f"ndcg@{k}"] = gain / most
        found.append(one)
    assert found
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}
