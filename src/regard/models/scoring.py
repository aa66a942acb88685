"""EncoderScorer: an encoder as recommending and evaluating see it.

The score of an item is the dot product of its vector with the state after the latest event. A history
without events has the state zero, so that only what does not depend on the user speaks. The catalogue is
read once, when it is first needed: a scorer belongs to an encoder that no longer changes.

Shape letters: U users, D width, S pairs of a user and an item.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from regard.data.packing import PackedBatch
from regard.models.protocols import Encoder, LastEncoder, LeavesOut, Rough
from regard.models.table import SearchTable
from regard.nn.heads import Catalogue
from regard.nn.precision import Precision, product_type

__all__ = ["EncoderScorer"]


@dataclass(frozen=True)
class EncoderScorer:
    """Scores of an encoder's catalogue.

    Parameters
    ----------
    encoder
        The model, in evaluation mode, trained to its end.
    precision
        Of the matrix products of the encoder; ``"auto"`` is that of training. float32 is faster here:
        histories come in all lengths, and oneDNN compiles its bfloat16 products anew for each.
    """

    encoder: Encoder
    precision: Precision = "float32"

    @cached_property
    def catalogue(self) -> Catalogue:
        """The output vectors of the items."""
        # Made in inference mode, they could not serve outside it.
        with torch.inference_mode(mode=False), torch.no_grad():
            return self.encoder.catalogue()

    @cached_property
    def table(self) -> SearchTable:
        """The same, made ready for searching."""
        return SearchTable.of(self.catalogue)

    @property
    def num_items(self) -> int:
        """V, the size of the catalogue."""
        return self.catalogue.size

    @cached_property
    def serving(self) -> Encoder:
        """The encoder whose matrix products have their weights in the type they run in, once and for all."""
        kind = product_type(self.precision, self.catalogue.weight_PD.device.type)
        return self.encoder if kind == torch.float32 else _rounded(self.encoder, kind)

    def query(self, batch: PackedBatch) -> Tensor:
        """Return ``[U, D]``: the state after each user's latest event."""
        return self.states(batch, self.catalogue)

    def states(self, batch: PackedBatch, catalogue: Catalogue) -> Tensor:
        """Return ``[U, D]`` as `query` does, with the items' vectors of a catalogue of the caller's."""
        weight_PD = self.catalogue.weight_PD
        batch = batch if batch.item_T.device == weight_PD.device else batch.to(weight_PD.device)
        some = batch.lengths > 0
        if batch.num_users > 0 and bool(some.all()):
            return self._last(batch, catalogue)
        states = torch.zeros(batch.num_users, weight_PD.shape[1], device=weight_PD.device)
        if bool(some.any()):
            states[some] = self._last(_without_empty(batch, some), catalogue)
        return states

    def query_without_each(self, batch: PackedBatch) -> Tensor | None:
        """Return ``[E, D]``: queries without event 0, 1, ... of one history; None: there is no short way."""
        weight_PD = self.catalogue.weight_PD
        plain = product_type(self.precision, weight_PD.device.type) == torch.float32
        if not plain or not isinstance(self.encoder, LeavesOut):
            return None
        states_ED = self.encoder.encode_without_each(batch.to(weight_PD.device), self.catalogue)
        return None if states_ED is None else states_ED.float()

    def score(self, query: Tensor, start: int, stop: int) -> Tensor:
        """Return ``[U, stop - start]`` float32 scores of the items `start` to `stop`."""
        return self.catalogue.scores(query, start, stop).float().cpu()

    def rough(self, query: Tensor, start: int, stop: int) -> Rough | None:
        """Return rough scores of the items `start` to `stop`; None where nothing bounds their error."""
        return self.table.rough(query, start, stop)

    def exact(self, query: Tensor, row_S: Tensor, item_S: Tensor) -> Tensor:
        """Return ``[S]`` float32 exact scores of pairs of a row of the batch and an item."""
        return self.table.exact(query, row_S, item_S)

    def item_vectors(self) -> Tensor:
        """Return ``[V, D]`` vectors of the items, with a further dimension for what every user adds."""
        bias_V = self.table.bias_V
        weight_VD = self.table.weight_VD
        return weight_VD if bias_V is None else torch.cat([weight_VD, bias_V[:, None]], dim=1)

    def query_vectors(self, query: Tensor) -> Tensor:
        """Return ``[U, D]`` vectors whose inner products with those of the items are the scores."""
        return (
            query if self.table.bias_V is None else torch.cat([query, torch.ones_like(query[:, :1])], dim=1)
        )

    def further_candidates(self, query: Tensor, count: int) -> Tensor | None:
        """Return None: the whole score is an inner product."""
        return None

    def _last(self, batch: PackedBatch, catalogue: Catalogue) -> Tensor:
        device = batch.item_T.device.type
        kind = product_type(self.precision, device)
        with torch.autocast(device, dtype=kind, enabled=kind != torch.float32):
            return self._states(batch, catalogue)

    def _states(self, batch: PackedBatch, catalogue: Catalogue) -> Tensor:
        if self._gives_last:
            return self.serving.encode_last(batch, catalogue).float()  # type: ignore[attr-defined,no-any-return]
        encoded = self.serving.encode(batch, catalogue)
        return encoded.states_TD[encoded.offsets[1:] - 1].float()

    @cached_property
    def _gives_last(self) -> bool:
        return isinstance(self.encoder, LastEncoder)


def _rounded(encoder: Encoder, kind: torch.dtype) -> Encoder:
    """Return a copy that shares all but the weights of linear layers, which are rounded to `kind`."""
    if not isinstance(encoder, nn.Module):
        return encoder
    linear = [module for module in encoder.modules() if isinstance(module, nn.Linear)]
    own = {id(weight) for module in linear for weight in module.parameters()}
    memo = {id(weight): weight for weight in encoder.parameters() if id(weight) not in own}
    # Made in inference mode, the copy could not serve outside it.
    with torch.inference_mode(mode=False), torch.no_grad():
        copied: Encoder = copy.deepcopy(encoder, memo)
        assert isinstance(copied, nn.Module)
        for module in copied.modules():
            if isinstance(module, nn.Linear):
                module.to(kind).requires_grad_(requires_grad=False)
    return copied


def _without_empty(batch: PackedBatch, some_U: Tensor) -> PackedBatch:
    """Return the same events without the users that have none."""
    ends = batch.offsets[1:][some_U]
    return replace(
        batch,
        offsets=torch.cat([batch.offsets[:1], ends]),
        user_U=batch.user_U[some_U],
        asked_U=None if batch.asked_U is None else batch.asked_U[some_U],
    )
