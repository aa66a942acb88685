"""A pre-norm transformer block: attention and a feed-forward network, each added to what came in.

Normalising before each part keeps deep stacks trainable without a delicate warm-up (Xiong et al.,
"On Layer Normalization in the Transformer Architecture", 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from regard.nn.attention import Attention
from regard.nn.dropout import dropout
from regard.nn.ffn import FeedForward
from regard.nn.plan import AttentionPlan
from regard.nn.smooth import LocalFilter

__all__ = ["Block", "Seen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a block returned, and the ``[N, T, T]`` weights of its attention."""

    y_TD: Tensor
    weights_NTT: Tensor


class Block(nn.Module):
    """Pre-norm block of width D.

    Parameters
    ----------
    attention
        The attention of the block; its width is the block's.
    expansion
        Hidden width of the feed-forward network as a multiple of D.
    dropout
        Share of values dropped from what each part adds, in training.
    local
        Mixed with what attention says; None: attention speaks alone.
    """

    def __init__(
        self,
        attention: Attention,
        *,
        expansion: int = 4,
        dropout: float = 0.0,
        local: LocalFilter | None = None,
    ) -> None:
        super().__init__()
        self.attention, self.local = attention, local
        self.norm_attention = nn.LayerNorm(attention.width)
        self.norm_feed = nn.LayerNorm(attention.width)
        self.feed = FeedForward(attention.width, expansion=expansion, dropout=dropout)
        self.dropout = dropout

    def forward(self, x_TD: Tensor, plan: AttentionPlan) -> Tensor:
        """Return ``[T, D]``."""
        read_TD = self.norm_attention(x_TD)
        seen_TD = self.attention(read_TD, plan=plan)
        if self.local is not None:
            seen_TD = self.local(seen_TD, read_TD, plan)
        return self._feed(x_TD + self._drop(seen_TD))

    def last(self, x_TD: Tensor, plan: AttentionPlan) -> Tensor:
        """Return ``[U, D]``: the output for the last event of each of U histories, none of them empty."""
        read_TD = self.norm_attention(x_TD)
        seen_UD = self.attention.last(read_TD, plan=plan)
        if self.local is not None:
            seen_UD = self.local.last(seen_UD, read_TD, plan)
        return self._feed(x_TD[plan.query.offsets[1:] - 1] + self._drop(seen_UD))

    def after(self, x_TD: Tensor, mixed_TD: Tensor, *, low_TD: Tensor | None = None) -> Tensor:
        """Return ``[T, D]``: what follows the attention.

        Parameters
        ----------
        x_TD
            What the block reads.
        mixed_TD
            Heads of the attention, side by side.
        low_TD
            Low frequencies of what the attention reads, for the local filter; None for a block without one.
        """
        assert (self.local is None) == (low_TD is None)
        seen_TD: Tensor = self.attention.project_out(mixed_TD)
        if self.local is not None and low_TD is not None:
            seen_TD = self.local.mix(seen_TD, self.norm_attention(x_TD), low_TD)
        return self._feed(x_TD + self._drop(seen_TD))

    def observed(self, x_TD: Tensor, plan: AttentionPlan) -> Seen:
        """Do the same by the reference kernel and return the attention weights too."""
        read_TD = self.norm_attention(x_TD)
        seen = self.attention.observed(read_TD, plan=plan)
        seen_TD = seen.y if self.local is None else self.local(seen.y, read_TD, plan)
        return Seen(y_TD=self._feed(x_TD + self._drop(seen_TD)), weights_NTT=seen.weights)

    def _feed(self, x_TD: Tensor) -> Tensor:
        return x_TD + self._drop(self.feed(self.norm_feed(x_TD)))

    def _drop(self, x_TD: Tensor) -> Tensor:
        return dropout(x_TD, self.dropout, training=self.training)
