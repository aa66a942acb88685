"""Build an index for a recommender, tuned and measured with the histories of its own users."""

from __future__ import annotations

import numpy as np
import torch

from regard.data.packing import PackedBatch
from regard.errors import ConfigError
from regard.models.protocols import Indexable
from regard.recommend.approx import ApproxConfig, ApproxIndex
from regard.recommend.batches import batches_of
from regard.recommend.recommender import Recommender

__all__ = ["index_of"]


@torch.inference_mode()
def index_of(recommender: Recommender, config: ApproxConfig | None = None) -> ApproxIndex:
    """Return an index for the scorer of `recommender`.

    Queries are drawn evenly from the users that have a history, in the order of their numbers.

    Raises
    ------
    ConfigError
        If the scores are no inner products or nobody has a history.
    MissingExtraError
        If the extra ``approx`` is not installed.
    """
    config = config or ApproxConfig()
    scorer = recommender.scorer
    if not isinstance(scorer, Indexable):
        raise ConfigError(
            f"the scores of {type(scorer).__name__} are no inner products: it is searched exactly"
        )
    lengths = recommender.histories.lengths
    some = np.flatnonzero(lengths > 0)
    some = some[np.linspace(0, len(some) - 1, min(config.queries, len(some))).astype(np.int64)]
    read = recommender.read(recommender.histories.take(some))
    read = read.take(np.flatnonzero(read.lengths > 0))
    sizes = {"most_events": recommender.batch_events, "most_users": recommender.batch_users}
    queries = [
        scorer.query_vectors(scorer.query(PackedBatch.of(read.take(rows))))
        for rows in batches_of(read.lengths, **sizes)
    ]
    if not queries:
        raise ConfigError("no user has a history, so there is no query to build an index for")
    found = torch.cat(queries)
    mixed = torch.randperm(len(found), generator=torch.Generator().manual_seed(0))
    return ApproxIndex.build(scorer.item_vectors(), found[mixed], config)
