"""A stack of blocks that share one plan, with a norm at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regard.nn.block import Block
from regard.nn.plan import AttentionPlan

__all__ = ["Stack", "StackSeen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSeen:
    """What a stack returned, and the ``[L, N, T, T]`` attention weights of its L blocks."""

    y_TD: Tensor
    weights_LNTT: Tensor


class Stack(nn.Module):
    """Blocks one after the other, then a layer norm.

    Parameters
    ----------
    blocks
        At least one, all of one width.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        super().__init__()
        assert blocks, "a stack needs a block"
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(blocks[0].attention.width)

    def forward(self, x_TD: Tensor, plan: AttentionPlan) -> Tensor:
        """Return ``[T, D]``."""
        for block in self.blocks:
            x_TD = block(x_TD, plan)
        y: Tensor = self.norm(x_TD)
        return y

    def last(self, x_TD: Tensor, plan: AttentionPlan) -> Tensor:
        """Return ``[U, D]``: the output for the last event of each of U histories, none of them empty.

        Only keys and values of the last block need every event: about half the work of two blocks.
        """
        *before, final = self.blocks
        for block in before:
            x_TD = block(x_TD, plan)
        assert isinstance(final, Block)
        y: Tensor = self.norm(final.last(x_TD, plan))
        return y

    def observed(self, x_TD: Tensor, plan: AttentionPlan) -> StackSeen:
        """Do the same by the reference kernel and return the attention weights too."""
        weights = []
        for block in self.blocks:
            assert isinstance(block, Block)
            seen = block.observed(x_TD, plan)
            weights.append(seen.weights_NTT)
            x_TD = seen.y_TD
        return StackSeen(y_TD=self.norm(x_TD), weights_LNTT=torch.stack(weights))
