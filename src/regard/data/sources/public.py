"""Public data sets by their public names: a folder of their original files in, tables out.

`read_public` knows the formats, nothing else; `get_public` also finds the files (`regard.data.sources.
fetch`) and writes Parquet. None of the data are part of Regard: each set has its licence, which is
shown and written beside the tables.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from regard.data.sources.amazon import AMAZON_URL, read_beauty, read_toys
from regard.data.sources.fetch import find_ml_100k
from regard.data.sources.movielens import ML_1M_URL, read_ml_1m, read_ml_100k
from regard.data.sources.retail import RETAIL_URL, read_online_retail
from regard.data.sources.table_set import PublicData
from regard.errors import DataError

__all__ = ["PUBLIC_NAMES", "get_ml_100k", "get_public", "read_public"]

_READERS: Mapping[str, Callable[[Path], PublicData]] = {
    "ml-100k": read_ml_100k,
    "ml-1m": read_ml_1m,
    "amazon-2014-beauty": read_beauty,
    "amazon-2014-toys": read_toys,
    "online-retail": read_online_retail,
}
_HOMEPAGES: Mapping[str, str] = {
    "ml-1m": ML_1M_URL,
    "amazon-2014-beauty": AMAZON_URL,
    "amazon-2014-toys": AMAZON_URL,
    "online-retail": RETAIL_URL,
}
PUBLIC_NAMES = tuple(_READERS)


def read_public(name: str, folder: str | Path) -> PublicData:
    """Read a public data set from a folder that holds its original files.

    Parameters
    ----------
    name
        One of `PUBLIC_NAMES`.
    folder
        Where the files are.

    Raises
    ------
    DataError
        If there is no such data set, or a file of it is not in the folder.
    """
    _check_name(name)
    return _READERS[name](Path(folder).expanduser())


def get_public(name: str, folder: str | Path, *, source: str | Path | None = None) -> PublicData:
    """Write a public data set to `folder` as Parquet: events, items, users, and its licence.

    Parameters
    ----------
    name
        One of `PUBLIC_NAMES`.
    folder
        Where to write ``events.parquet``, ``items.parquet``, ``users.parquet`` and ``LICENCE.txt``.
    source
        Folder of the original files. Only ``ml-100k`` is found or downloaded without it.

    Raises
    ------
    DataError
        If the files cannot be found or downloaded; the message says where to put them by hand.
    """
    _check_name(name)
    if source is None and name == "ml-100k":
        return get_ml_100k(folder)
    if source is None:
        raise DataError(
            f"{name}: get the files from {_HOMEPAGES[name]} and say in which folder they are: --source FOLDER"
        )
    data = read_public(name, source)
    data.write(Path(folder).expanduser())
    return data


def get_ml_100k(folder: str | Path) -> PublicData:
    """Find or download MovieLens-100K and write it to `folder` as Parquet, with its licence.

    Looked for in the cache, then in the files of an installed ``recbole``, then at GroupLens.

    Raises
    ------
    DataError
        If it is nowhere and cannot be downloaded, saying where to put the files by hand.
    """
    found = find_ml_100k()
    data = replace(read_ml_100k(found.folder), origin=found.origin)
    data.write(Path(folder).expanduser())
    return data


def _check_name(name: str) -> None:
    if name not in _READERS:
        near = difflib.get_close_matches(name, PUBLIC_NAMES, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise DataError(f"there is no public data set {name!r}; {hint}there are: {', '.join(PUBLIC_NAMES)}")
