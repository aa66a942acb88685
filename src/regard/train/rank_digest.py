"""rank_digest: names what a ranker learns from, so that only the same run resumes from a checkpoint."""

from __future__ import annotations

import hashlib

import numpy as np

from regard.data.columns import columns_to_arrays
from regard.models.rank_rows import RankRows

__all__ = ["digest_of"]


def digest_of(rows: RankRows) -> str:
    """Return a hash of everything that training reads of impressions."""
    shown, histories = rows.impressions, rows.histories
    arrays = {
        "offsets": shown.offsets,
        "user": shown.user_I,
        "time": shown.time_I,
        "item": shown.item_K,
        "position": shown.position_K,
        "propensity": shown.propensity_K,
        "base": rows.base_K,
        "asked": histories.asked,
        "start": histories.start,
        "stop": histories.stop,
        "events": histories.item,
        "times": histories.time,
        **{f"label {name}": label for name, label in shown.labels.items()},
        **{f"event {name}": value for name, value in histories.fields.items()},
        **{f"names {place}": np.array([name]) for place, name in enumerate(rows.fields)},
        **columns_to_arrays(rows.fields),
    }
    digest = hashlib.sha256()
    for name, array in arrays.items():
        if array is not None:
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
