"""AttentionPlan: the layout of a batch and its mask, worked out once and handed to every layer.

Events of U users lie end to end (``offsets``). The plan holds what kernels would otherwise compute in
each layer: who owns which event, where it stands, where it goes when a kernel pads. It knows no data
set and no weights.

Shape letters: T events (queries), S events (keys), U users, L the longest history of the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from regard.nn.mask import Mask, Places, both_ways, same_user

__all__ = ["AttentionPlan", "Layout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where each of T events stands.

    Parameters
    ----------
    offsets
        ``[U + 1]`` int64.
    user_T, position_T
        ``[T]`` int64: the user of each event, and its rank in the user's history.
    longest
        L, the number of events of the longest history.
    uniform
        Whether all histories have the same length, so that padding is a view.
    """

    offsets: Tensor
    user_T: Tensor
    position_T: Tensor
    longest: int
    uniform: bool

    @classmethod
    def of(cls, offsets: Tensor) -> Layout:
        """Work out the layout of histories that lie end to end."""
        lengths = offsets[1:] - offsets[:-1]
        total, longest = int(offsets[-1]), int(lengths.max()) if len(lengths) else 0
        user = torch.repeat_interleave(
            torch.arange(len(lengths), device=offsets.device), lengths, output_size=total
        )
        position = torch.arange(total, device=offsets.device) - offsets[:-1][user]
        return cls(
            offsets=offsets,
            user_T=user,
            position_T=position,
            longest=longest,
            uniform=total == longest * len(lengths),
        )

    @property
    def num_users(self) -> int:
        """U, the number of histories."""
        return len(self.offsets) - 1

    def pad(self, x: Tensor) -> Tensor:
        """``[T, ...]`` to ``[U, L, ...]``, zeros on the right; a view when the layout is uniform."""
        if self.uniform:
            return x.view(self.num_users, self.longest, *x.shape[1:])
        padded = x.new_zeros(self.num_users * self.longest, *x.shape[1:])
        padded = padded.index_copy(0, self._slots(), x)
        return padded.view(self.num_users, self.longest, *x.shape[1:])

    def unpad(self, x: Tensor) -> Tensor:
        """``[U, L, ...]`` to ``[T, ...]``; a view when the layout is uniform."""
        flat = x.reshape(self.num_users * self.longest, *x.shape[2:])
        return flat if self.uniform else flat.index_select(0, self._slots())

    def _slots(self) -> Tensor:
        return self.user_T * self.longest + self.position_T


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionPlan:
    """Layouts of queries and keys, and the mask between them.

    Parameters
    ----------
    mask
        Which keys a query may see.
    query, source
        Layouts of the queries and of the events they look at; the same object in self-attention.
    allowed_ULL
        ``[U, 1, Lq, Lk]`` bool, padded; None where a kernel needs no mask beyond its shape.

    Examples
    --------
    >>> from regard.nn.mask import causal, same_user
    >>> plan = AttentionPlan.of(torch.tensor([0, 3, 5]), mask=causal() & same_user())
    >>> plan.query.longest, plan.query.uniform
    (3, False)
    """

    mask: Mask
    query: Layout
    source: Layout
    allowed_ULL: Tensor | None

    @classmethod
    def of(cls, offsets: Tensor, *, mask: Mask, source: Tensor | None = None) -> AttentionPlan:
        """Plan attention for queries at `offsets` over themselves, or over a second sequence.

        Parameters
        ----------
        offsets
            ``[U + 1]`` int64, the events that ask.
        mask
            Combine with `same_user` to keep users apart; only the reference kernel does without.
        source
            ``[U + 1]`` int64, the events that are looked at; None for self-attention.
        """
        query = Layout.of(offsets)
        other = query if source is None else Layout.of(source)
        assert query.num_users == other.num_users, "queries and source must belong to the same users"
        return cls(mask=mask, query=query, source=other, allowed_ULL=_allowed(mask, query, other))

    @classmethod
    def uniform(cls, users: int, length: int, *, source_length: int | None = None) -> AttentionPlan:
        """Plan full attention for `users` sequences of one length, as in ``[B, L, D]`` tensors."""
        offsets = torch.arange(users + 1) * length
        source = None if source_length is None else torch.arange(users + 1) * source_length
        return cls.of(offsets, mask=both_ways() & same_user(), source=source)

    def allowed(self) -> Tensor:
        """Return ``[T, S]`` bool: the mask written out, users included."""
        query = Places(user=self.query.user_T[:, None], position=self.query.position_T[:, None])
        key = Places(user=self.source.user_T[None, :], position=self.source.position_T[None, :])
        return self.mask(query, key)


def _allowed(mask: Mask, query: Layout, source: Layout) -> Tensor | None:
    """Write the mask out per user, padded, unless its shape says all.

    With right padding a causal mask needs no padding mask: a padded key lies after every real query.
    """
    if not mask.within_user:
        return None
    if mask.shape == "causal" and query is source:
        return None
    if mask.shape == "full" and source.uniform:
        return None
    device = query.offsets.device
    user = torch.arange(query.num_users, device=device)[:, None, None]
    rank_q = torch.arange(query.longest, device=device)[None, :, None]
    rank_k = torch.arange(source.longest, device=device)[None, None, :]
    lengths = (source.offsets[1:] - source.offsets[:-1])[:, None, None]
    seen = mask(Places(user=user, position=rank_q), Places(user=user, position=rank_k))
    return (seen & (rank_k < lengths))[:, None]
