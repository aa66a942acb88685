"""Masks: who may look at whom, as pure functions of indices. Masks combine with & and |, and can be drawn.

A mask does not know tensors of queries or keys, only where each stands: which user, which position in
that user's history, at what time. Kernels ask it for a boolean of any broadcastable shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

__all__ = ["Mask", "Places", "Shape", "both_ways", "causal", "prefix", "same_user", "window"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where queries or keys stand; the tensors broadcast against those of the other side.

    Parameters
    ----------
    user
        Number of the user within the batch.
    position
        Rank of the event in the user's history, from 0.
    """

    user: Tensor
    position: Tensor


Rule = Callable[[Places, Places], Tensor]
Shape = Literal["full", "causal", "window", "banded", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A rule that says which keys a query may see.

    Parameters
    ----------
    name
        How the mask was written, for messages.
    rule
        ``rule(query, key)`` is True where the query may see the key.
    within_user
        Whether the rule never lets a query see another user's events.
    shape
        What the rule amounts to inside one user: ``"full"``, ``"causal"``, ``"window"`` (near positions
        on both sides), ``"banded"`` (the latest positions, itself included) or ``"other"``. Kernels take
        their fast paths by it.
    span
        For ``"window"`` and ``"banded"``: positions fewer than this away may be seen; else None.

    Examples
    --------
    >>> print((causal() & window(2)).draw([3, 2]))
    #.. ..
    ##. ..
    .## ..
    ... #.
    ... ##
    """

    name: str
    rule: Rule
    within_user: bool
    shape: Shape
    span: int | None = None

    def __call__(self, query: Places, key: Places) -> Tensor:
        """Return the boolean of where `query` may see `key`, broadcast over both."""
        return self.rule(query, key)

    def __and__(self, other: Mask) -> Mask:
        spans = [span for span in (self.span, other.span) if span is not None]
        shape = _both(self.shape, other.shape)
        return Mask(
            name=f"{self.name} & {other.name}",
            rule=lambda query, key: self.rule(query, key) & other.rule(query, key),
            within_user=self.within_user or other.within_user,
            shape=shape,
            span=min(spans) if spans and shape != "other" else None,
        )

    def __or__(self, other: Mask) -> Mask:
        alike = (self.shape, self.span) == (other.shape, other.span)
        return Mask(
            name=f"({self.name} | {other.name})",
            rule=lambda query, key: self.rule(query, key) | other.rule(query, key),
            within_user=self.within_user and other.within_user,
            shape=self.shape if alike else "other",
            span=self.span if alike else None,
        )

    def draw(self, lengths: list[int]) -> str:
        """Draw the mask for users with these numbers of events: a row a query, ``#`` where it may look.

        Users are kept apart by a space. The mask is drawn together with `same_user`, as plans use it.
        """
        user = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
        position = torch.cat([torch.arange(length) for length in lengths])
        query = Places(user=user[:, None], position=position[:, None])
        key = Places(user=user[None, :], position=position[None, :])
        allowed = (self & same_user())(query, key)
        parts = [allowed[:, user == number].tolist() for number in range(len(lengths))]
        return "\n".join(
            " ".join("".join("#" if seen else "." for seen in part[row]) for part in parts)
            for row in range(len(user))
        )


def same_user() -> Mask:
    """Each query sees the events of its own user alone."""
    return Mask(
        name="same_user", rule=lambda query, key: query.user == key.user, within_user=True, shape="full"
    )


def both_ways() -> Mask:
    """Each query sees every event, earlier and later."""
    return Mask(
        name="both_ways",
        rule=lambda query, key: torch.ones_like(query.position == key.position),
        within_user=False,
        shape="full",
    )


def causal() -> Mask:
    """Each query sees itself and what came before it."""
    return Mask(
        name="causal",
        rule=lambda query, key: key.position <= query.position,
        within_user=False,
        shape="causal",
    )


def prefix(length: int) -> Mask:
    """Each query sees the first `length` events, whether they came before or after it."""
    return Mask(
        name=f"prefix({length})",
        rule=lambda query, key: (key.position < length) & (query.position >= 0),
        within_user=False,
        shape="other",
    )


def window(length: int) -> Mask:
    """Each query sees events fewer than `length` positions away from it."""
    return Mask(
        name=f"window({length})",
        rule=lambda query, key: (query.position - key.position).abs() < length,
        within_user=False,
        shape="window",
        span=length,
    )


def _both(one: Shape, other: Shape) -> Shape:
    """Name the shape of what two masks both allow."""
    shapes = {one, other}
    if "other" in shapes:
        return "other"
    near = bool(shapes & {"window", "banded"})
    past = bool(shapes & {"causal", "banded"})
    if near:
        return "banded" if past else "window"
    return "causal" if past else "full"
