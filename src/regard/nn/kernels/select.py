"""Which kernel computes a plan. All have one signature: ``attend(q_TNH, k_SNH, v_SNH, plan)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor

from regard.errors import KernelError
from regard.nn.kernels import banded, dense, reference
from regard.nn.plan import AttentionPlan

__all__ = ["KERNELS", "Kernel", "KernelName", "select"]

Kernel = Callable[[Tensor, Tensor, Tensor, AttentionPlan], Tensor]
KernelName = Literal["auto", "banded", "dense", "reference"]
KERNELS = ("banded", "dense", "reference")


def select(plan: AttentionPlan, name: KernelName = "auto") -> Kernel:
    """Return the kernel called `name`, or the fastest that can do the plan's mask.

    Raises
    ------
    KernelError
        If the kernel does not exist or cannot do the mask; the message names one that can.
    """
    if name == "reference":
        return reference.attend
    if name == "dense":
        if not dense.supports(plan):
            raise KernelError(
                f"the dense kernel pads one user a row and cannot do the mask {plan.mask.name!r}, which "
                "looks across users; combine it with same_user(), or use kernel='reference'"
            )
        return dense.attend
    if name == "banded":
        if not banded.supports(plan):
            raise KernelError(
                f"the banded kernel lets events look at their own user's latest events and cannot do the "
                f"mask {plan.mask.name!r}, here of {_side(plan)}; it needs causal() & window(length) & "
                "same_user() in self-attention, else use kernel='dense' or kernel='reference'"
            )
        return banded.attend
    if name != "auto":
        raise KernelError(f"there is no kernel {name!r}; there are: auto, {', '.join(KERNELS)}")
    if plan.band is not None:
        return banded.attend
    return dense.attend if dense.supports(plan) else reference.attend


def _side(plan: AttentionPlan) -> str:
    return "self-attention" if plan.query is plan.source else "cross-attention"
