"""MovieLens-100K and MovieLens-1M, from the files as GroupLens publishes them or near copies.

The ratings stay a column ``rating``; it is not used as a weight unless asked
(``columns={"weight": "rating"}``). Harper and Konstan, The MovieLens Datasets, TiiS 2015.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from regard.data.sources.table_set import PublicData, need, split_lines

__all__ = ["ML_1M_URL", "ML_100K_URL", "read_ml_1m", "read_ml_100k"]

ML_100K_URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
ML_1M_URL = "https://files.grouplens.org/datasets/movielens/ml-1m.zip"

_LICENCE = (
    "MovieLens data, (c) GroupLens Research, University of Minnesota. For research use: no endorsement may "
    "be implied, publications must acknowledge the data, no redistribution and no commercial use without "
    "permission of GroupLens. Cite: F. Maxwell Harper and Joseph A. Konstan (2015), The MovieLens Datasets: "
    "History and Context, ACM TiiS 5, 4, Article 19. https://doi.org/10.1145/2827872"
)
_EVENTS = ["user_id", "item_id", "rating", "timestamp"]
_GENRES = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
]


def read_ml_100k(folder: Path) -> PublicData:
    """Read ``u.data``, ``u.item``, ``u.user``, or the same as ``ml-100k.inter``, ``.item``, ``.user``.

    Raises
    ------
    DataError
        If the files are not there.
    """
    events = need(folder, "u.data", "ml-100k.inter", name="ml-100k", homepage=ML_100K_URL)
    tables = _atomic(folder) if events.suffix == ".inter" else _grouplens_100k(folder)
    return PublicData(
        name="ml-100k",
        events=tables["events"].cast({"user_id": pl.Int64, "item_id": pl.Int64, "timestamp": pl.Int64}),
        items=tables["items"].cast({"item_id": pl.Int64}),
        users=tables["users"].cast({"user_id": pl.Int64, "age": pl.Int64}),
        licence=_LICENCE,
        homepage=ML_100K_URL,
        origin=str(folder),
    )


def read_ml_1m(folder: Path) -> PublicData:
    """Read ``ratings.dat`` (or ``interactions.csv.gz``), ``movies.dat`` and ``users.dat``.

    Raises
    ------
    DataError
        If ratings or movies are not there.
    """
    events = need(folder, "ratings.dat", "interactions.csv.gz", name="ml-1m", homepage=ML_1M_URL)
    movies = need(folder, "movies.dat", name="ml-1m", homepage=ML_1M_URL)
    if events.name == "ratings.dat":
        log = split_lines(events, _EVENTS, separator="::", encoding="latin-1").cast(pl.Int64)
    else:
        log = pl.read_csv(events).rename({"movie_id": "item_id"})
    items = split_lines(movies, ["item_id", "title", "genres"], separator="::", encoding="latin-1")
    users = None
    if (folder / "users.dat").is_file():
        names = ["user_id", "gender", "age", "occupation", "zip_code"]
        users = split_lines(folder / "users.dat", names, separator="::", encoding="latin-1")
        users = users.cast({"user_id": pl.Int64, "age": pl.Int64, "occupation": pl.Int64})
    return PublicData(
        name="ml-1m",
        events=log,
        items=items.with_columns(pl.col("item_id").cast(pl.Int64), pl.col("genres").str.split("|")),
        users=users,
        licence=_LICENCE,
        homepage=ML_1M_URL,
        origin=str(folder),
    )


def _grouplens_100k(folder: Path) -> dict[str, pl.DataFrame]:
    item_file = need(folder, "u.item", name="ml-100k", homepage=ML_100K_URL)
    user_file = need(folder, "u.user", name="ml-100k", homepage=ML_100K_URL)
    events = split_lines(folder / "u.data", _EVENTS, separator="\t").with_columns(
        pl.col("rating").cast(pl.Float64)
    )
    names = ["item_id", "title", "release_date", "video_release_date", "url", *_GENRES]
    items = split_lines(item_file, names, separator="|", encoding="latin-1")
    marked = [pl.when(pl.col(genre) == "1").then(pl.lit(genre)) for genre in _GENRES]
    genres = pl.concat_list(marked).list.drop_nulls().alias("genres")
    user_names = ["user_id", "age", "gender", "occupation", "zip_code"]
    return {
        "events": events,
        "items": items.select("item_id", "title", genres),
        "users": split_lines(user_file, user_names, separator="|", encoding="latin-1"),
    }


def _atomic(folder: Path) -> dict[str, pl.DataFrame]:
    """Read files whose header is ``name:type`` and whose title has no year."""

    def table(end: str) -> pl.DataFrame:
        path = need(folder, f"ml-100k.{end}", name="ml-100k", homepage=ML_100K_URL)
        header = path.open(encoding="utf-8").readline().rstrip("\n").split("\t")
        rows = split_lines(path, [name.partition(":")[0] for name in header], separator="\t")
        return rows.slice(1)

    year = pl.col("release_year")
    title = pl.when(year.str.contains(r"^\d{4}$")).then(pl.format("{} ({})", "movie_title", year))
    return {
        "events": table("inter").with_columns(pl.col("rating").cast(pl.Float64)),
        "items": table("item").select(
            "item_id",
            title.otherwise(pl.lit("unknown")).alias("title"),
            pl.col("class").str.split(" ").alias("genres"),
        ),
        "users": table("user"),
    }
