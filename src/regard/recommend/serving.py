"""The Recommender of a model and what is weighed beside it, made the same way in training and in serving."""

from __future__ import annotations

from regard.data.dataset import Dataset
from regard.models.blend import Blend, BlendScorer
from regard.models.causal import CausalModel
from regard.models.items import ItemEncoder
from regard.recommend.recommender import Recommender

__all__ = ["recommender_of"]


def recommender_of(
    model: CausalModel, *, known: Dataset, train: Dataset, blend: Blend | None = None, new: bool = True
) -> Recommender:
    """Return what recommends with a model.

    Parameters
    ----------
    model
        In evaluation mode.
    known
        Everything that is known of the users now.
    train
        What the model learned from.
    blend
        What is weighed beside the model; None: it speaks alone.
    new
        Whether items that training has no event of, but of which attributes are known, may be recommended.
    """
    items = model.items
    return Recommender.of(
        BlendScorer(model, blend or Blend.none(len(known.items))),
        known=known,
        train=train,
        max_history=model.config.max_length,
        described_V=items.known_V if new and isinstance(items, ItemEncoder) else None,
    )
