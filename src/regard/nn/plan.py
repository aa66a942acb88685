"""AttentionPlan: the layout of a batch and its mask, worked out once and handed to every layer.

Events of U users lie end to end (``offsets``). The plan holds what kernels would otherwise compute in
each layer: who owns which event, where it stands, where it goes when a kernel pads. It knows no data
set and no weights.

Shape letters: T events (queries), S events (keys), U users, L the longest history of the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from regard.nn.band import Band
from regard.nn.mask import Mask, Places, both_ways, same_user

__all__ = ["AttentionPlan", "Layout"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where each of T events stands; what not every kernel asks for is worked out when it is asked for.

    Parameters
    ----------
    offsets
        ``[U + 1]`` int64.
    total
        T.
    longest
        L, the number of events of the longest history.
    uniform
        Whether all histories have the same length, so that padding is a view.
    """

    offsets: Tensor
    total: int
    longest: int
    uniform: bool

    @classmethod
    def of(cls, offsets: Tensor) -> Layout:
        """Work out the layout of histories that lie end to end."""
        users, total = len(offsets) - 1, int(offsets[-1])
        longest = total if users == 1 else int(offsets.diff().max()) if users else 0
        return cls(offsets=offsets, total=total, longest=longest, uniform=total == longest * users)

    @cached_property
    def user_T(self) -> Tensor:  # noqa: N802
        """``[T]`` int64, the user of each event."""
        user_U = torch.arange(self.num_users, device=self.offsets.device)
        if self.uniform:
            return user_U[:, None].expand(self.num_users, self.longest).reshape(-1)
        return torch.repeat_interleave(user_U, self.offsets.diff(), output_size=self.total)

    @cached_property
    def position_T(self) -> Tensor:  # noqa: N802
        """``[T]`` int64, the rank of each event in its user's history."""
        device = self.offsets.device
        if self.uniform:
            rank_L = torch.arange(self.longest, device=device)
            return rank_L.expand(self.num_users, self.longest).reshape(-1)
        return torch.arange(self.total, device=device) - self.offsets[:-1][self.user_T]

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


@dataclass(frozen=True, kw_only=True)
class AttentionPlan:
    """Layouts of queries and keys, and the mask between them.

    Parameters
    ----------
    mask
        Which keys a query may see.
    query, source
        Layouts of the queries and of the events they look at; the same object in self-attention.
    allowed_ULL
        ``[U, 1, Lq, Lk]`` bool, padded, of size 1 along dimensions that share a mask; None where a kernel
        needs no mask beyond its shape, or needs the band.
    blind_UL
        ``[U, Lq]`` bool, queries that may see nothing; None if there are none. `allowed_ULL` lets them see
        everything, so that a softmax stays finite; kernels put zero in place of what they saw.
    band
        Blocks of windowed attention, where they need fewer scores than padding.

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
    blind_UL: Tensor | None
    band: Band | None

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
        return cls._between(query, query if source is None else Layout.of(source), mask)

    @classmethod
    def _between(cls, query: Layout, other: Layout, mask: Mask) -> AttentionPlan:
        assert query.num_users == other.num_users, "queries and source must belong to the same users"
        band = _band(mask, query) if _banded(mask, query, other) else None
        allowed = None if band is not None else _allowed(mask, query, other)
        blind = None if allowed is None or _sees_itself(mask, query, other) else _blind(allowed, query)
        if allowed is not None and blind is not None:
            allowed = allowed | blind[:, None, :, None]
        return cls(mask=mask, query=query, source=other, allowed_ULL=allowed, blind_UL=blind, band=band)

    @classmethod
    def uniform(cls, users: int, length: int, *, source_length: int | None = None) -> AttentionPlan:
        """Plan full attention for `users` sequences of one length, as in ``[B, L, D]`` tensors."""
        offsets = torch.arange(users + 1) * length
        source = None if source_length is None else torch.arange(users + 1) * source_length
        return cls.of(offsets, mask=both_ways() & same_user(), source=source)

    def of_last(self, queries: int = 1) -> AttentionPlan:
        """Plan `queries` for each history, which see all of it; none may be empty."""
        users = self.query.num_users
        each = torch.arange(users + 1, device=self.query.offsets.device) * queries
        query = Layout(offsets=each, total=users * queries, longest=queries, uniform=True)
        return self._between(query, self.source, both_ways() & same_user())

    @property
    def causal(self) -> bool:
        """Whether each event sees itself and all earlier ones: also by a window no shorter than a history."""
        return _causal(self.mask, self.query, self.source)

    def written(self) -> Tensor | None:
        """Return ``[U, 1, Lq, Lk]`` as `allowed_ULL`, written out now where the plan made a band instead."""
        return self.allowed_ULL if self.band is None else _allowed(self.mask, self.query, self.source)

    def banded(self) -> Band:
        """Return the band, cut now where the plan did without; the mask must be banded."""
        return _band(self.mask, self.query) if self.band is None else self.band

    def allowed(self) -> Tensor:
        """Return ``[T, S]`` bool: the mask written out, users included."""
        query = Places(user=self.query.user_T[:, None], position=self.query.position_T[:, None])
        key = Places(user=self.source.user_T[None, :], position=self.source.position_T[None, :])
        return self.mask(query, key)


def _sees_itself(mask: Mask, query: Layout, source: Layout) -> bool:
    """Whether events look at themselves and earlier ones of their own user."""
    near = mask.shape == "causal" or (mask.shape == "banded" and mask.span is not None and mask.span >= 1)
    return near and mask.within_user and query is source


def _causal(mask: Mask, query: Layout, source: Layout) -> bool:
    whole = mask.span is None or mask.span >= query.longest
    return whole and _sees_itself(mask, query, source)


def _banded(mask: Mask, query: Layout, source: Layout) -> bool:
    """Whether a band applies, and pays."""
    if mask.span is None or _causal(mask, query, source) or not _sees_itself(mask, query, source):
        return False
    return Band.pays(query.num_users, query.longest, query.total, span=mask.span)


def _band(mask: Mask, layout: Layout) -> Band:
    assert mask.span is not None, f"{mask.name} has no window"
    return Band.of(layout.position_T, span=mask.span)


def _allowed(mask: Mask, query: Layout, source: Layout) -> Tensor | None:
    """Write the mask out, padded, unless its shape says all; once for all users where they can share it.

    With right padding a mask that looks back needs no padding mask: a padded key lies after every real
    query.
    """
    if not mask.within_user or _causal(mask, query, source):
        return None
    if mask.shape == "full" and source.uniform:
        return None
    device = query.offsets.device
    rank_q = torch.arange(query.longest if mask.shape != "full" else 1, device=device)[:, None]
    rank_k = torch.arange(source.longest, device=device)[None, :]
    user = torch.zeros((), dtype=torch.int64, device=device)
    seen = mask(Places(user=user, position=rank_q), Places(user=user, position=rank_k))
    seen = seen.expand(len(rank_q), source.longest)[None, None]
    if source.uniform or _sees_itself(mask, query, source):
        return seen
    lengths = source.offsets[1:] - source.offsets[:-1]
    return seen & (rank_k < lengths[:, None, None, None])


def _blind(allowed: Tensor, query: Layout) -> Tensor | None:
    blind = ~allowed.any(dim=-1)[:, 0]
    return blind.expand(query.num_users, query.longest) if bool(blind.any()) else None
