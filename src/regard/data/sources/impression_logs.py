"""Real impression logs by their names: a folder of the original files in, the tables of a user out.

They become numbers with `regard.data.impression_table.read_impressions`::

    log = read_impression_log("mind", "MINDsmall_train")
    read = read_impressions(log.shown, columns=log.columns)
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from regard.data.sources.ads import read_avazu, read_criteo
from regard.data.sources.impression_set import PublicImpressions
from regard.data.sources.mind import read_mind
from regard.data.sources.ml_1m_ctr import read_ml_1m_ctr
from regard.data.sources.open_bandit import read_open_bandit
from regard.errors import DataError

__all__ = ["IMPRESSION_LOGS", "read_impression_log"]

_READERS: Mapping[str, Callable[[Path], PublicImpressions]] = {
    "mind": read_mind,
    "criteo": read_criteo,
    "avazu": read_avazu,
    "ml-1m-ctr": read_ml_1m_ctr,
    "open-bandit-random-all": read_open_bandit,
    "open-bandit-random-men": partial(read_open_bandit, campaign="men"),
    "open-bandit-random-women": partial(read_open_bandit, campaign="women"),
    "open-bandit-bts-all": partial(read_open_bandit, policy="bts"),
    "open-bandit-bts-men": partial(read_open_bandit, policy="bts", campaign="men"),
    "open-bandit-bts-women": partial(read_open_bandit, policy="bts", campaign="women"),
}
IMPRESSION_LOGS = tuple(_READERS)


def read_impression_log(name: str, folder: str | Path) -> PublicImpressions:
    """Read a public impression log from a folder that holds its original files.

    Parameters
    ----------
    name
        One of `IMPRESSION_LOGS`.
    folder
        Where the files are.

    Raises
    ------
    DataError
        If there is no such log, if a file of it is not in the folder, or if lines are malformed.
    """
    if name not in _READERS:
        near = difflib.get_close_matches(name, IMPRESSION_LOGS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise DataError(f"there is no impression log {name!r}; {hint}there are: {', '.join(IMPRESSION_LOGS)}")
    return _READERS[name](Path(folder).expanduser())
