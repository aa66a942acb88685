"""UCI Online Retail: invoices of a British wholesaler, 2010-12 to 2011-12.

Read as purchases: lines without a customer, cancellations (an invoice that begins with C), returns and
codes that are no product (postage, samples, fees) are left out. The invoice is the session.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from regard.data.sources.table_set import PublicData, need

__all__ = ["RETAIL_URL", "read_online_retail"]

RETAIL_URL = "https://archive.ics.uci.edu/dataset/352/online+retail"
_LICENCE = (
    "Online Retail (UCI Machine Learning Repository), CC BY 4.0. Cite: D. Chen, S. L. Sain and K. Guo "
    "(2012), Data mining for the online retail industry, Journal of Database Marketing and Customer "
    "Strategy Management."
)


def read_online_retail(folder: Path) -> PublicData:
    """Read ``online_retail.parquet`` or ``online_retail.csv`` (the columns of the UCI's spreadsheet).

    Raises
    ------
    DataError
        If neither file is there.
    """
    path = need(
        folder, "online_retail.parquet", "online_retail.csv", name="online-retail", homepage=RETAIL_URL
    )
    if path.suffix == ".parquet":
        lines = pl.read_parquet(path)
    else:
        text = {"InvoiceNo": pl.String, "StockCode": pl.String}
        lines = pl.read_csv(path, schema_overrides=text, try_parse_dates=True)
    bought = lines.filter(
        pl.col("CustomerID").is_not_null()
        & (pl.col("Quantity") > 0)
        & ~pl.col("InvoiceNo").str.starts_with("C")
        & pl.col("StockCode").str.contains(r"^\d{5}")
    ).select(
        user_id=pl.col("CustomerID").cast(pl.Int64),
        item_id="StockCode",
        timestamp="InvoiceDate",
        session_id="InvoiceNo",
        quantity="Quantity",
        unit_price="UnitPrice",
        title=pl.col("Description").str.strip_chars(),
        country="Country",
    )
    # A code has several spellings of its description, and later ones may belong to the test: the first wins.
    items = (
        bought.sort("timestamp", maintain_order=True)
        .group_by("item_id", maintain_order=True)
        .agg(pl.col("title").drop_nulls().first())
        .sort("item_id")
    )
    users = bought.group_by("user_id").agg(pl.col("country").mode().sort().first()).sort("user_id")
    return PublicData(
        name="online-retail",
        events=bought.drop("title", "country"),
        items=items,
        users=users,
        licence=_LICENCE,
        homepage=RETAIL_URL,
        origin=str(folder),
    )
