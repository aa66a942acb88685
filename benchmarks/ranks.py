"""Ranks of the targets, kept beside the metrics, so that runs of different days can be compared in pairs.

Each question has one target, so its place in the list (1 to 255, 0 if it is not there) says everything. A
run over thousands of users takes a few kilobytes of text.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import numpy as np

from regard.evaluation.significance import Interval

__all__ = ["ndcg_of", "pack", "unpack", "widened"]


def pack(rank_U: np.ndarray) -> str:
    """Write ``[U]`` ranks as text.

    Examples
    --------
    >>> unpack(pack(np.array([1, 0, 20])))
    array([ 1,  0, 20], dtype=uint8)
    """
    return base64.b64encode(zlib.compress(rank_U.astype(np.uint8).tobytes(), 9)).decode()


def unpack(text: str) -> np.ndarray:
    """Read what `pack` wrote."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)


def ndcg_of(rank_U: np.ndarray, *, k: int) -> np.ndarray:
    """Return ``[U]`` NDCG of one target each.

    Examples
    --------
    >>> ndcg_of(np.array([1, 0, 3]), k=10)
    array([1. , 0. , 0.5])
    """
    found = (rank_U > 0) & (rank_U <= k)
    return np.where(found, 1 / np.log2(np.where(found, rank_U, 1) + 1.0), 0.0)


def widened(users: Interval, of_seed_S: np.ndarray) -> Interval:
    """Return the interval over users with what another training would change: their variances add up."""
    if len(of_seed_S) == 1:
        return users
    training = 1.96 * float(of_seed_S.std(ddof=1)) / len(of_seed_S) ** 0.5
    low, high = (float(np.hypot(users.value - end, training)) for end in (users.low, users.high))
    return replace(users, low=users.value - low, high=users.value + high)
