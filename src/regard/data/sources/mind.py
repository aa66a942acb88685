"""MIND: impressions of Microsoft News with what was clicked, and the articles (Wu et al., ACL 2020).

``behaviors.tsv`` has an impression a line: its id, user, time, the user's earlier clicks (oldest first,
without times), and ``N1-1 N2-0 ...``: what was shown and whether it was clicked. ``news.tsv`` has the
articles. Both may be gzipped. The order of the candidates was shuffled by the publishers: it is no position.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from regard.data.impression_columns import ImpressionColumns
from regard.data.sources.impression_set import PublicImpressions, read_fields, read_lines, refuse_lines
from regard.data.sources.table_set import need

__all__ = ["MIND_URL", "read_mind"]

MIND_URL = "https://msnews.github.io"
_LICENCE = (
    "MIND: Microsoft News Dataset, Microsoft Research License Terms, for research use only. Cite: F. Wu et "
    "al. (2020), MIND: A Large-scale Dataset for News Recommendation, ACL."
)
_BEHAVIOURS = ["impression_id", "user_id", "timestamp", "history", "shown"]
_NEWS = [
    "item_id",
    "category",
    "subcategory",
    "title",
    "abstract",
    "url",
    "title_entities",
    "abstract_entities",
]
_TIME = "%m/%d/%Y %I:%M:%S %p"


def read_mind(folder: Path) -> PublicImpressions:
    """Read ``behaviors.tsv`` and ``news.tsv`` (or ``.tsv.gz``) of a folder.

    Raises
    ------
    DataError
        If a file is not there, or if lines are malformed, naming them.
    """
    behaviours = need(folder, "behaviors.tsv", "behaviors.tsv.gz", name="mind", homepage=MIND_URL)
    news = need(folder, "news.tsv", "news.tsv.gz", name="mind", homepage=MIND_URL)
    return PublicImpressions(
        name="mind",
        shown=_shown(behaviours),
        columns=ImpressionColumns(labels={"click": "click"}),
        items=_items(news),
        users=None,
        licence=_LICENCE,
        homepage=MIND_URL,
        origin=str(folder),
    )


def _shown(path: Path) -> pl.DataFrame:
    table = read_fields(read_lines(path), _BEHAVIOURS, separator="\t", path=path)
    time = table["timestamp"].str.to_datetime(_TIME, strict=False, time_unit="us")
    what = "have no time such as 11/15/2019 8:55:22 AM"
    refuse_lines(table["timestamp"], time.is_null(), what=what, path=path)
    for name in ("impression_id", "user_id"):
        refuse_lines(table[name], table[name].is_null(), what=f"have no {name}", path=path)
    fine = table["shown"].str.contains(r"^\s*[^\s]+-[01](?:\s+[^\s]+-[01])*\s*$").fill_null(value=False)
    what = "do not say what was shown as N1-1 N2-0 ... (the test set of MIND has no labels)"
    refuse_lines(table["shown"], ~fine, what=what, path=path)
    rows = table.with_columns(
        time.alias("timestamp"), pl.col("shown").str.strip_chars().str.split(" ").alias("candidate")
    ).drop("shown")
    rows = rows.explode("candidate").filter(pl.col("candidate") != "")
    return rows.select(
        "impression_id",
        "user_id",
        "timestamp",
        pl.col("candidate").str.head(-2).alias("item_id"),
        pl.col("candidate").str.ends_with("1").cast(pl.Int8).alias("click"),
        "history",
    )


def _items(path: Path) -> pl.DataFrame:
    table = read_fields(read_lines(path), _NEWS, separator="\t", path=path)
    refuse_lines(table["item_id"], table["item_id"].is_null(), what="have no id", path=path)
    again = ~table["item_id"].is_first_distinct()
    refuse_lines(table["item_id"], again, what="repeat an id", path=path)
    both = pl.concat_str("title_entities", "abstract_entities", ignore_nulls=True)
    entities = (
        both.str.extract_all(r'"WikidataId": "Q\d+')
        .list.eval(pl.element().str.slice(15))
        .list.unique(maintain_order=True)
    )
    return table.select("item_id", "title", "category", "subcategory", "abstract", entities.alias("entities"))
