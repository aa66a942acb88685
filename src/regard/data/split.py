"""Splits: what a model may learn from, and what it is asked afterwards.

`hold_out` cuts a log in two: a Dataset of what came before, and Queries about what came after. Applied
to its own result it cuts validation the same way from the training part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.data.packing import Histories

__all__ = ["Queries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Questions with known answers: given this history, which item comes next?

    Parameters
    ----------
    user
        ``[U]`` int32 user numbers.
    histories
        ``[U]`` everything that the user did before the target, also after the cut-off.
    target
        ``[U]`` int32 item numbers.
    target_time
        ``[U]`` int64 microseconds.
    """

    user: np.ndarray
    histories: Histories
    target: np.ndarray
    target_time: np.ndarray

    def __len__(self) -> int:
        return len(self.target)
