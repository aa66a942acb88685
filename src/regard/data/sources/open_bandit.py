"""Open Bandit: fashion recommendations of ZOZOTOWN with propensities (Saito et al., NeurIPS 2021).

One row for each item that was shown in one of three places: by a uniformly random policy, or by Bernoulli
Thompson sampling (``bts``), for the campaigns ``all``, ``men``, ``women``. Users are not named; hashed
features and affinities of them are context.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl

from regard.data.impression_columns import ImpressionColumns
from regard.data.sources.impression_set import PublicImpressions
from regard.data.tables import open_table
from regard.errors import DataError

__all__ = ["OPEN_BANDIT_URL", "read_open_bandit"]

OPEN_BANDIT_URL = "https://research.zozo.com/data.html"
_LICENCE = (
    "Open Bandit Dataset, ZOZO Research, CC BY 4.0. Cite: Y. Saito et al. (2021), Open Bandit Dataset and "
    "Pipeline: Towards Realistic and Reproducible Off-Policy Evaluation, NeurIPS Datasets and Benchmarks."
)
_COLUMNS = ImpressionColumns(user_id=None, propensity="propensity_score", labels={"click": "click"})


def read_open_bandit(
    folder: Path,
    *,
    policy: Literal["random", "bts"] = "random",
    campaign: Literal["all", "men", "women"] = "all",
) -> PublicImpressions:
    """Read one log, as published (``random/all/all.csv``) or flat (``random_all.parquet`` or ``.csv``).

    Raises
    ------
    DataError
        If the files are not there or a value cannot be read.
    """
    places = {
        folder / policy / campaign / f"{campaign}.csv": folder / policy / campaign / "item_context.csv",
        **{
            folder / f"{policy}_{campaign}.{end}": folder / f"{policy}_{campaign}_item_context.csv"
            for end in ("parquet", "csv")
        },
    }
    found = [(log, items) for log, items in places.items() if log.is_file()]
    if not found:
        tried = " or ".join(str(log.relative_to(folder)) for log in places)
        raise DataError(f"open-bandit: {folder} holds no {tried}; get the files from {OPEN_BANDIT_URL}")
    log, items = found[0]
    table = open_table(log)
    _COLUMNS.find(table.columns, source=table.name)
    frame = table.read()
    frame = frame.drop([name for name in frame.columns if name in {"", "_duplicated_0", "Unnamed: 0"}])
    if table.from_text:
        frame = frame.with_columns(_numbers(frame, name, log) for name in frame.columns if _is_number(name))
    return PublicImpressions(
        name=f"open-bandit-{policy}-{campaign}",
        shown=frame,
        columns=_COLUMNS,
        items=_items(items) if items.is_file() else None,
        users=None,
        licence=_LICENCE,
        homepage=OPEN_BANDIT_URL,
        origin=str(folder),
    )


def _is_number(name: str) -> bool:
    return name in {"item_id", "position", "click", "propensity_score"} or "affinity" in name


def _numbers(frame: pl.DataFrame, name: str, path: Path) -> pl.Series:
    kind = pl.Float64 if "affinity" in name or name == "propensity_score" else pl.Int64
    number = frame[name].cast(kind, strict=False)
    wrong = number.is_null() & frame[name].is_not_null()
    if wrong.any():
        row = wrong.arg_true()[0]
        raise DataError(
            f"{path}: column {name!r}, row {row}: {frame[name][row]!r} is no number; mend that row"
        )
    return number


def _items(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, schema_overrides={"item_id": pl.Int64}).drop("", strict=False)
