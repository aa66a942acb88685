"""ml-1m-ctr: MovieLens-1M as a task of predicting clicks, split by time, with histories.

One row for each rating: ``user_id, item_id, label, timestamp, history``; the label is 1 for a rating that
says yes. The three files follow each other in time, so that their borders are the cuts of the split.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from regard.data.impression_columns import ImpressionColumns
from regard.data.sources.impression_set import PublicImpressions
from regard.data.sources.movielens import ML_1M_URL
from regard.data.sources.table_set import need
from regard.errors import DataError

__all__ = ["read_ml_1m_ctr"]

_PARTS = ("train", "valid", "test")
_LICENCE = (
    "MovieLens data, (c) GroupLens Research, University of Minnesota: research use, no redistribution. Cite: "
    "F. Maxwell Harper and Joseph A. Konstan (2015), The MovieLens Datasets, ACM TiiS 5, 4, Article 19."
)


def read_ml_1m_ctr(folder: Path) -> PublicImpressions:
    """Read ``train.parquet``, ``valid.parquet``, ``test.parquet`` and ``items.parquet``.

    Raises
    ------
    DataError
        If a file is not there, or if the parts overlap in time.
    """
    paths = [need(folder, f"{part}.parquet", name="ml-1m-ctr", homepage=ML_1M_URL) for part in _PARTS]
    items = need(folder, "items.parquet", name="ml-1m-ctr", homepage=ML_1M_URL)
    parts = [pl.read_parquet(path) for path in paths]
    cuts = []
    for path, before, after in zip(paths[1:], parts, parts[1:], strict=False):
        last, first = before["timestamp"].max(), after["timestamp"].min()
        if not isinstance(last, int) or not isinstance(first, int) or last >= first:
            raise DataError(f"{path}: begins at {first!r}, but the part before it ends at {last!r}")
        cuts.append(dt.datetime.fromtimestamp(first, tz=dt.UTC).isoformat())
    return PublicImpressions(
        name="ml-1m-ctr",
        shown=pl.concat(parts),
        columns=ImpressionColumns(labels={"click": "label"}),
        items=pl.read_parquet(items),
        users=None,
        licence=_LICENCE,
        homepage=ML_1M_URL,
        origin=str(folder),
        cuts=tuple(cuts),
    )
