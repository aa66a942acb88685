"""Attention, once: multi-head scaled dot-product attention over itself or over a second sequence.

Its three steps are those of Vaswani et al., "Attention Is All You Need" (2017): project to queries,
keys and values; take the softmax of the scaled scores; sum the values by these weights. An output
projection follows. `SelfAttention` and `CrossAttention` are two ways to call the one class.

Sequences are packed (``[T, D]`` with an `AttentionPlan`) or, for a first try, plain ``[B, L, D]``.
Which kernel multiplies is chosen elsewhere; positions are given by a collaborator that is passed in.

Shape letters: T queries, S keys, D width, N heads, H = D / N head width, B sequences, L their length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from regard.errors import ConfigError
from regard.nn.kernels import reference
from regard.nn.kernels.select import KernelName, select
from regard.nn.plan import AttentionPlan, Layout

__all__ = ["Attention", "CrossAttention", "Observation", "Rotate", "SelfAttention"]

Rotate = Callable[[Tensor, Layout], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Output of attention together with its weights.

    Parameters
    ----------
    y
        The output, shaped like the queries' input.
    weights
        ``[N, T, S]``, or ``[B, N, L, S]`` for plain sequences. Each row sums to one.
    """

    y: Tensor
    weights: Tensor


class Attention(nn.Module):
    """Multi-head attention of a sequence over itself, or over a second sequence.

    Parameters
    ----------
    width
        D, width of the input and of the output.
    heads
        N; None takes a head of 64 (at least one).
    bias
        Whether the projections add a bias.
    rotate
        Applied to queries and keys before they meet, for instance a rotary position encoding.
    kernel
        ``"auto"``, or the name of a kernel.

    Raises
    ------
    ConfigError
        If the width is not a multiple of the heads.

    Examples
    --------
    >>> attention = Attention(8, heads=2)
    >>> attention(torch.zeros(1, 3, 8)).shape
    torch.Size([1, 3, 8])
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int | None = None,
        bias: bool = True,
        rotate: Rotate | None = None,
        kernel: KernelName = "auto",
    ) -> None:
        super().__init__()
        heads = max(1, width // 64) if heads is None else heads
        if width < 1 or heads < 1 or width % heads:
            raise ConfigError(f"attention of width {width} cannot be divided into {heads} heads")
        self.width, self.heads, self.kernel, self.rotate = width, heads, kernel, rotate
        self.project_in = nn.Linear(width, 3 * width, bias=bias)
        self.project_out = nn.Linear(width, width, bias=bias)
        nn.init.xavier_uniform_(self.project_in.weight)
        nn.init.xavier_uniform_(self.project_out.weight)
        if bias:
            nn.init.zeros_(self.project_in.bias)
            nn.init.zeros_(self.project_out.bias)

    def forward(
        self, x: Tensor, *, source: Tensor | None = None, plan: AttentionPlan | None = None
    ) -> Tensor:
        """Attend.

        Parameters
        ----------
        x
            ``[T, D]`` packed, which needs a `plan`, or ``[B, L, D]``.
        source
            ``[S, D]`` or ``[B, S, D]``, what is looked at; None: `x` itself.
        plan
            Layout and mask; for ``[B, L, D]`` the default is that every position sees every other.

        Returns
        -------
        Tensor
            Shaped like `x`.
        """
        packed = _packed(x, source, plan)
        heads = self._project(packed)
        y_TNH = select(packed.plan, self.kernel)(heads.q_TNH, heads.k_SNH, heads.v_SNH, packed.plan)
        y: Tensor = self.project_out(y_TNH.reshape(-1, self.width))
        return y.view(x.shape)

    def observed(
        self, x: Tensor, *, source: Tensor | None = None, plan: AttentionPlan | None = None
    ) -> Observation:
        """Attend by the reference kernel and return the weights too. For explanations only."""
        packed = _packed(x, source, plan)
        heads, plan = self._project(packed), packed.plan
        weights_NTS = reference.weights(heads.q_TNH, heads.k_SNH, plan)
        y_TNH = torch.einsum("nts,snh->tnh", weights_NTS, heads.v_SNH)
        y = self.project_out(y_TNH.reshape(-1, self.width)).view(x.shape)
        if x.dim() == 2:
            return Observation(y=y, weights=weights_NTS)
        users, length, looked = plan.query.num_users, plan.query.longest, plan.source.longest
        blocks = weights_NTS.view(self.heads, users, length, users, looked)
        own = blocks.diagonal(dim1=1, dim2=3)
        return Observation(y=y, weights=own.permute(3, 0, 1, 2))

    def last(self, x_TD: Tensor, *, plan: AttentionPlan) -> Tensor:
        """Return ``[U, D]``: what self-attention gives the last event of each of U histories.

        The last event of a causal history sees all of it, so one query for each history is enough, and no
        event is projected: see `through_keys` and `through_values`. No history may be empty.
        """
        last_U = plan.query.offsets[1:] - 1
        plain = plan.mask.shape == "causal" and plan.mask.within_user
        if not plain or self.rotate is not None:
            return self(x_TD, plan=plan)[last_U]  # type: ignore[no-any-return]
        cross, x_T1D = plan.of_last(self.heads), x_TD[:, None]
        asked_QD = self.through_keys(self.queries(x_TD[last_U])).reshape(-1, 1, self.width)
        mixed_QD = select(cross, self.kernel)(asked_QD, x_T1D, x_T1D, cross)
        y_UD: Tensor = self.project_out(self.through_values(mixed_QD.view(-1, self.heads, self.width)))
        return y_UD

    def queries(self, x_UD: Tensor) -> Tensor:
        """Return ``[U, N, H]``: the queries of events, before they are turned."""
        weight, bias, at_q = self.project_in.weight, self.project_in.bias, slice(self.width)
        q = F.linear(x_UD, weight[at_q], None if bias is None else bias[at_q])
        return q.view(len(x_UD), self.heads, -1)

    def through_keys(self, query_UNH: Tensor) -> Tensor:
        """Return ``[U, N, D]``: what queries ask of the events themselves, where no rotation comes between.

        With keys W x + b the scores of a query q are q W x + q b. The second term shifts all scores of q
        alike, which a softmax does not see, so q W meets x itself and no key is made. It is scaled for
        kernels, which take the width of what meets for that of a head.
        """
        size = self.width // self.heads
        weight_NHD = self.project_in.weight[self.width : 2 * self.width].view(self.heads, size, self.width)
        asked_NUD = torch.bmm(query_UNH.transpose(0, 1), weight_NHD.to(query_UNH.dtype))
        asked_UND: Tensor = asked_NUD.transpose(0, 1) * self.heads**0.5
        return asked_UND

    def through_values(self, mixed_UND: Tensor) -> Tensor:
        """Return ``[U, D]``, the heads side by side: the values of means of events.

        Weights sum to one, so the mean of the values is the value of the mean: no event's value is made.
        """
        size, at_v, bias = self.width // self.heads, slice(2 * self.width, None), self.project_in.bias
        weight_NHD = self.project_in.weight[at_v].view(self.heads, size, self.width)
        value_NUH = torch.bmm(mixed_UND.transpose(0, 1), weight_NHD.transpose(1, 2).to(mixed_UND.dtype))
        value_UD = value_NUH.transpose(0, 1).reshape(len(mixed_UND), self.width)
        return value_UD if bias is None else value_UD + bias[at_v]

    def _project(self, packed: _Packed) -> _Heads:
        size = self.width // self.heads
        if packed.source_SD is None:
            q, k, v = self.project_in(packed.x_TD).view(-1, 3, self.heads, size).unbind(1)
        else:
            weight, bias, at_kv = self.project_in.weight, self.project_in.bias, slice(self.width, None)
            q = self.queries(packed.x_TD)
            kv = F.linear(packed.source_SD, weight[at_kv], None if bias is None else bias[at_kv])
            k, v = kv.view(-1, 2, self.heads, size).unbind(1)
        if self.rotate is not None:
            q, k = self.rotate(q, packed.plan.query), self.rotate(k, packed.plan.source)
        return _Heads(q_TNH=q, k_SNH=k, v_SNH=v)


class SelfAttention(Attention):
    """Attention of a sequence over itself.

    Examples
    --------
    >>> SelfAttention(512)(torch.randn(1, 10, 512)).shape
    torch.Size([1, 10, 512])
    """

    def forward(
        self, x: Tensor, *, source: Tensor | None = None, plan: AttentionPlan | None = None
    ) -> Tensor:
        """Attend; see `Attention.forward`. A `source` is refused."""
        if source is not None:
            raise ConfigError("self-attention has no source; use CrossAttention for a second sequence")
        return super().forward(x, plan=plan)


class CrossAttention(Attention):
    """Attention of one sequence over another, for instance of candidates over a history.

    Examples
    --------
    >>> candidates, history = torch.randn(1, 3, 512), torch.randn(1, 10, 512)
    >>> CrossAttention(512)(candidates, source=history).shape
    torch.Size([1, 3, 512])
    """

    def forward(
        self, x: Tensor, *, source: Tensor | None = None, plan: AttentionPlan | None = None
    ) -> Tensor:
        """Attend; see `Attention.forward`. A `source` is needed."""
        if source is None:
            raise ConfigError("cross-attention needs a source: attention(candidates, source=history)")
        return super().forward(x, source=source, plan=plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packed:
    x_TD: Tensor
    source_SD: Tensor | None
    plan: AttentionPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heads:
    q_TNH: Tensor
    k_SNH: Tensor
    v_SNH: Tensor


def _packed(x: Tensor, source: Tensor | None, plan: AttentionPlan | None) -> _Packed:
    """Turn plain ``[B, L, D]`` sequences into packed ones; check that packed ones have a plan."""
    if x.dim() == 3:
        if plan is None:
            looked = None if source is None else source.shape[1]
            plan = AttentionPlan.uniform(x.shape[0], x.shape[1], source_length=looked)
        flat_source = None if source is None else source.reshape(-1, source.shape[-1])
        return _Packed(x_TD=x.reshape(-1, x.shape[-1]), source_SD=flat_source, plan=plan)
    if x.dim() != 2:
        raise ConfigError(f"attention takes [T, D] or [B, L, D], not a tensor of shape {tuple(x.shape)}")
    if plan is None:
        raise ConfigError("packed sequences [T, D] need a plan: AttentionPlan.of(offsets, mask=...)")
    return _Packed(x_TD=x, source_SD=source, plan=plan)
