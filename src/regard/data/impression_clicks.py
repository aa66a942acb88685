"""A table of clicks beside a table of what was shown: labels out, and a refusal of what was never shown."""

from __future__ import annotations

import numpy as np
import polars as pl

from regard.data.checks import ProblemLog
from regard.data.ids import clean_ids
from regard.data.schema import describe_missing
from regard.data.tables import Table
from regard.errors import SchemaError

__all__ = ["labels_of_clicks"]


def labels_of_clicks(
    clicks: Table, *, impression_id: pl.Series, item_id: pl.Series, log: ProblemLog
) -> dict[str, np.ndarray]:
    """Return, by action, which of the shown rows (``[n]`` float32, 0 or 1) were clicked.

    Parameters
    ----------
    clicks
        Table with ``impression_id``, ``item_id`` and optionally ``action`` (else ``"click"``).
    impression_id, item_id
        ``[n]`` clean ids of what was shown.
    log
        Gets the clicks on what their impression did not show, with row and ids.

    Raises
    ------
    SchemaError
        If a column is missing.

    Examples
    --------
    >>> from regard.data.tables import open_table
    >>> shown = {"impression_id": pl.Series([1, 1]), "item_id": pl.Series(["a", "b"])}
    >>> clicks = open_table({"impression_id": [1], "item_id": ["b"]}, kind="clicks")
    >>> labels = labels_of_clicks(clicks, **shown, log=ProblemLog("the clicks"))
    >>> labels["click"].tolist()
    [0.0, 1.0]
    """
    for name in ("impression_id", "item_id"):
        if name not in clicks.columns:
            raise SchemaError(describe_missing(name, name, clicks.columns, source=clicks.name))
    frame = clicks.read()
    keys = [
        clean_ids(frame[name], where=f"{clicks.name}: column {name!r}").cast(pl.String).rename(name)
        for name in ("impression_id", "item_id")
    ]
    action = frame["action"].cast(pl.String) if "action" in frame.columns else None
    named = pl.Series("action", ["click"] * len(frame)) if action is None else action.rename("action")
    given = pl.DataFrame([*keys, named])
    shown = pl.DataFrame([impression_id.rename("impression_id"), item_id.rename("item_id")]).cast(pl.String)
    known = given.join(
        shown.unique().with_columns(known=True),
        on=["impression_id", "item_id"],
        how="left",
        maintain_order="left",
    )
    log.mark(
        "click without impression: the item is not among those that its impression showed",
        column="item_id",
        rows=known["known"].is_null().to_numpy(),
        values=given.select(pl.format("{} in impression {}", "item_id", "impression_id")).to_series(),
    )
    log.mark("null action", column="action", rows=named.is_null().to_numpy(), values=named)
    return {
        name: _marked(shown, given.filter(pl.col("action") == name))
        for name in named.unique(maintain_order=True).to_list()
    }


def _marked(shown: pl.DataFrame, clicked: pl.DataFrame) -> np.ndarray:
    one = clicked.select("impression_id", "item_id").unique().with_columns(label=pl.lit(1, dtype=pl.Float32))
    joined = shown.join(one, on=["impression_id", "item_id"], how="left", maintain_order="left")
    return joined["label"].fill_null(0).to_numpy()
