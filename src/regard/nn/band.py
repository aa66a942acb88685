"""Band: how windowed attention over packed histories is cut into blocks, whatever their lengths.

Events lie end to end, so those that an event may look back on lie right before it: they are in its own
block of the packed sequence or in a few blocks before, also where histories begin inside a block. Nothing
is padded but the end of the batch, and the cost follows the number of events, not the longest history
(sliding-window attention: Beltagy et al., "Longformer", 2020). It knows no queries, keys or weights.

Shape letters: T events, B blocks, L events of a block, S keys that a block looks at.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Band"]

_WIDE = 48  # from this span on, blocks of 64 beat blocks of 32
_PAYS = 0.8  # of the scores of dense attention; laying keys out for blocks has its own cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Blocks of L queries, each with the S keys of its own and of the `back` blocks before.

    Parameters
    ----------
    total
        T, the number of events.
    block
        L.
    back
        How many earlier blocks a block looks at; S = (back + 1) * L.
    bias_BLS
        bfloat16, to add to scores: 0 where a query may see a key, else minus infinity. Every query sees
        itself, the padding after the last event included.

    Examples
    --------
    >>> band = Band.of(torch.arange(100), span=3)
    >>> band.block, band.back, tuple(band.bias_BLS.shape)
    (32, 1, (4, 32, 64))
    """

    total: int
    block: int
    back: int
    bias_BLS: Tensor

    @classmethod
    def of(cls, position_T: Tensor, *, span: int) -> Band:
        """Cut T events into blocks, for queries that see themselves and the ``span - 1`` events before.

        Parameters
        ----------
        position_T
            ``[T]`` int64 rank of each event in its user's history; users lie end to end.
        span
            At least 1.
        """
        assert span >= 1, "a query must see itself"
        block, back = _sizes(span)
        total, keys, device = len(position_T), (back + 1) * block, position_T.device
        seen_T = position_T.clamp(max=span - 1)
        rows = torch.nn.functional.pad(seen_T, (0, -total % block)).view(-1, block)
        place_L = torch.arange(block, device=device) + back * block
        key_S = torch.arange(keys, device=device)
        # Row f of `late` hides the keys before the f-th: a row is looked up instead of compared anew.
        late = _bias(key_S >= torch.arange(keys, device=device)[:, None])
        early_LS = _bias(key_S <= place_L[:, None])
        bias_BLS = late.index_select(0, (place_L - rows).flatten()).view(-1, block, keys)
        return cls(total=total, block=block, back=back, bias_BLS=bias_BLS.add_(early_LS))

    @staticmethod
    def pays(users: int, longest: int, total: int, *, span: int) -> bool:
        """Whether blocks need clearly fewer scores than padding every history to the longest."""
        block, back = _sizes(span)
        return (total + block) * (back + 1) * block < _PAYS * users * longest**2


def _sizes(span: int) -> tuple[int, int]:
    """Return events of a block, and how many blocks before it hold the rest of a span."""
    block = 64 if span >= _WIDE else 32
    return block, -(-(span - 1) // block)


def _bias(seen: Tensor) -> Tensor:
    zero = torch.zeros((), dtype=torch.bfloat16, device=seen.device)
    return torch.where(seen, zero, zero - float("inf"))
