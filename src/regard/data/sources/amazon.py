"""Amazon reviews of 2014, 5-core, Beauty and Toys, as prepared for the published sequential tables.

``X.txt`` has a line for each user: ``user item item ...`` in time order. Where a file of gaps lies beside
it, ``timestamp`` is the sum of the user's gaps: seconds since *that user's* first event. Times of two
users cannot be compared, so use the split leave-last-out; a split by time means nothing here.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl

from regard.data.sources.table_set import PublicData, need
from regard.errors import DataError

__all__ = ["AMAZON_URL", "read_beauty", "read_toys"]

AMAZON_URL = "https://jmcauley.ucsd.edu/data/amazon/"
_LICENCE = (
    "Amazon product reviews (2014), collected by Julian McAuley, UC San Diego; research use. Cite: R. He and "
    "J. McAuley (2016), Ups and Downs, WWW; J. McAuley et al. (2015), Image-Based Recommendations on Styles "
    "and Substitutes, SIGIR."
)


def read_beauty(folder: Path) -> PublicData:
    """Read the category Beauty from ``Beauty.txt`` and what lies beside it."""
    return _read(folder, name="amazon-2014-beauty", stem="Beauty")


def read_toys(folder: Path) -> PublicData:
    """Read the category Toys and Games from ``Toys_and_Games.txt`` and what lies beside it."""
    return _read(folder, name="amazon-2014-toys", stem="Toys_and_Games")


def _read(folder: Path, *, name: str, stem: str) -> PublicData:
    path = need(folder, f"{stem}.txt", name=name, homepage=AMAZON_URL)
    rows = [
        [int(number) for number in line.split()]
        for line in path.read_text(encoding="utf-8").splitlines()
        if line
    ]
    lengths = np.array([len(row) - 1 for row in rows])
    gap_file = folder / f"{stem}_gaps_timeweaver.txt.gz"
    seconds = _seconds(gap_file, lengths) if gap_file.is_file() else _ranks(lengths)
    events = pl.DataFrame(
        {
            "user_id": np.repeat([row[0] for row in rows], lengths),
            "item_id": [item for row in rows for item in row[1:]],
            "timestamp": seconds,
        }
    )
    return PublicData(
        name=name,
        events=events,
        items=_items(folder, stem),
        users=None,
        licence=_LICENCE,
        homepage=AMAZON_URL,
        origin=str(folder),
    )


def _seconds(path: Path, lengths: np.ndarray) -> np.ndarray:
    """Return ``[T]`` seconds since the first event of each user."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        gaps = [[int(gap) for gap in line.rstrip("\n").partition("\t")[2].split()] for line in file]
    if [len(row) for row in gaps] != lengths.tolist():
        raise DataError(f"{path}: does not have one gap for each event")
    return np.concatenate([np.cumsum(row) for row in gaps])


def _ranks(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([np.arange(length) for length in lengths])


def _items(folder: Path, stem: str) -> pl.DataFrame | None:
    path = folder / f"{stem}_item_asin_text.tsv"
    if not path.is_file():
        return None
    items = pl.read_csv(path, separator="\t", quote_char=None, schema_overrides={"item_id": pl.Int64})
    items = items.rename({"textual_id": "title"})
    attributes = folder / f"{stem}_item2attributes.json"
    if not attributes.is_file():
        return items
    known = json.loads(attributes.read_text(encoding="utf-8"))
    table = pl.DataFrame({"item_id": [int(item) for item in known], "attributes": list(known.values())})
    return items.join(table, on="item_id", how="left", maintain_order="left")
