"""What content costs: encoding texts and posters once, and training with all that is known of the items.

    python benchmarks/content.py [--quick] [--threads 2]

Encoding: 10,000 texts (plots of MovieLens-100K, descriptions of MovieLens-1M and Online Retail, key words of
Amazon's items) and 1,600 posters through the default encoders, with nothing kept from before. Training: steps of
the default recipe with and without attributes, texts and pictures, in turns, in processor seconds, so that what
else the machine does counts for little; vectors are there already. Target: at most 1.5 times ids alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import polars as pl
import torch
from rich.console import Console

from benchmarks.common import WORKSPACE, Target, environment, keep, median
from benchmarks.described import described_dataset, picture_folder
from benchmarks.stopwatch import Stopwatch
from regard.config import RunOptions
from regard.content.config import ContentConfig
from regard.content.vectors import vectors_of
from regard.data.columns import Column
from regard.data.dataset import Dataset
from regard.data.loader import WindowLoader
from regard.data.media import Media
from regard.losses.choose import make_loss
from regard.models.items import ItemFeatures
from regard.models.registry import build
from regard.recipes.book import recipe_for
from regard.train.describing import describe_items
from regard.train.trainer import Trainer

_DATA = ("ml-100k", "amazon-2014-beauty", "ml-1m")
_MOST = 1.5
_ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the texts and posters")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    console = Console(highlight=False, soft_wrap=True)
    share = 0.1 if arguments.quick else 1.0
    texts = list(dict.fromkeys(_texts()))[: round(10_000 * share)]
    posters = sorted((picture_folder() / "posters").glob("*.jpg"))[: round(1_600 * share)]
    result: dict[str, Any] = {
        "threads": arguments.threads,
        "texts": encode(texts, "text", console),
        "posters": encode([f"posters/{path.name}" for path in posters], "image", console),
        "training": {name: training(name, steps=arguments.steps) for name in _DATA},
        "environment": environment(),
    }
    result["targets"] = [target.to_json() for target in targets(result)]
    keep("content_quick" if arguments.quick else "content", result)
    for target in targets(result):
        console.print(str(target))


def targets(result: dict[str, Any]) -> list[Target]:
    return [
        Target(
            name=f"training with all that is known of the items, {name}, times ids alone",
            value=measured["ratio"],
            goal=_MOST,
            lower_is_better=True,
        )
        for name, measured in result["training"].items()
    ]


def encode(values: list[Any], kind: Any, console: Console) -> dict[str, Any]:
    """Time the encoding of values, none of which is kept from before."""
    said = [time.perf_counter()]

    def progress(done: int, total: int) -> None:
        if time.perf_counter() - said[0] > 10 or done == total:
            said[0] = time.perf_counter()
            console.print(f"{kind}: {done:,} of {total:,}")

    with tempfile.TemporaryDirectory() as folder:
        config = ContentConfig(cache=Path(folder))
        began, worked = time.perf_counter(), time.process_time()
        made = vectors_of(
            values, kind=kind, config=config, where=kind, folder=picture_folder(), progress=progress
        )
        seconds, processor = time.perf_counter() - began, time.process_time() - worked
    return {
        "values": len(values),
        "present": int(made.present_R.sum()),
        "encoder": made.encoder,
        "seconds": seconds,
        "processor_seconds": processor,
    }


def training(name: str, *, steps: int) -> dict[str, Any]:
    """Compare the processor time of steps with all columns and with ids alone, in turns, on the same batches."""
    dataset = described_dataset(name)
    config = ContentConfig(cache=WORKSPACE / "content")
    described = describe_items(dataset, said=None, media=Media(config=config, folder=picture_folder()))
    rounds = [
        [_speed(dataset, columns, steps=steps) for columns in ({}, described.columns)] for _ in range(_ROUNDS)
    ]
    ids, everything = (median([pair[place] for pair in rounds]) for place in (0, 1))
    return {
        "ratio": ids / everything,
        "ids": ids,
        "all": everything,
        "unit": "targets a second of a core",
        "rounds": _ROUNDS,
        "steps": steps,
        "fields": {field.name: field.kind for field in described.coders.fields},
    }


def _speed(dataset: Dataset, columns: Mapping[str, Column], *, steps: int) -> float:
    """Return the targets that a second of a core learns from."""
    config = recipe_for("sequential", dataset)
    features = ItemFeatures(columns=columns, trained_V=dataset.item_counts > 0)
    trainer = Trainer(
        build(config.model, config.shape, num_items=len(dataset.items), features=features),
        loader=WindowLoader(dataset.histories, config.loader, seed=0),
        loss=make_loss(config.loss, dataset.item_counts),
        config=config.train,
        options=RunOptions(seed=0),
    )
    return Stopwatch(warmup=5, steps=steps).time(trainer)["events_per_core_second"]


def _texts() -> Iterator[str]:
    for name, column in (
        ("ml-100k", "overview"),
        ("ml-1m", "description"),
        ("online-retail", "title"),
        ("amazon-2014-beauty", "title"),
    ):
        yield from described_dataset(name).item_table[column].cast(pl.String).drop_nulls().to_list()


if __name__ == "__main__":
    main()
