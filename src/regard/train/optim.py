"""The optimiser: AdamW and its schedule, and for large tables Adam by rows.

A step of AdamW reads and writes every row of every table, although a batch of a large catalogue has a
gradient for a few thousand rows only. Tables of `TrainConfig.row_wise_from` ids or more therefore give
sparse gradients and are moved by `RowAdam`, whose step costs nothing for the rows that were not read.
Everything else, and every small catalogue, is left to torch's fused AdamW.

Shape letters: P rows of a table, D width, R rows with a gradient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from regard.nn.embed import IdEmbedding
from regard.train.config import TrainConfig

__all__ = ["Optimizer", "RowAdam", "adamw", "rate"]

_BETAS = (0.9, 0.98)
_EPSILON = 1e-8


class Optimizer:
    """Clips the gradient of a model and moves its weights; tables that are large by rows.

    Parameters
    ----------
    model
        Its large tables give sparse gradients from now on.
    config
        Rate, decay, clipping, and which table is large.
    """

    def __init__(self, model: nn.Module, config: TrainConfig) -> None:
        self.config = config
        large = [
            part
            for part in model.modules()
            if isinstance(part, IdEmbedding) and part.size >= config.row_wise_from
        ]
        for table in large:
            table.sparse = True
        self._tables = [RowAdam(table.weight, weight_decay=config.weight_decay) for table in large]
        by_rows = {id(table.weight) for table in large}
        self._rest = [p for p in model.parameters() if p.requires_grad and id(p) not in by_rows]
        self._adamw = adamw(self._rest, config)

    def step(self, rate: float) -> None:
        """Move the weights along their gradients, at this learning rate, and forget the gradients."""
        self._clip()
        for group in self._adamw.param_groups:
            group["lr"] = rate
        self._adamw.step()
        self._adamw.zero_grad(set_to_none=True)
        for table in self._tables:
            table.step(rate)

    def tensors(self) -> dict[str, Tensor]:
        """Return the moments by name, for a checkpoint."""
        moments = {
            f"{number}.{name}": value
            for number, state in self._adamw.state_dict()["state"].items()
            for name, value in state.items()
        }
        for number, table in enumerate(self._tables):
            moments |= {f"rows.{number}.{name}": value for name, value in table.tensors().items()}
        return moments

    def load(self, moments: Mapping[str, Tensor]) -> None:
        """Put back what `tensors` returned."""
        state: dict[int, dict[str, Tensor]] = {}
        rows: dict[int, dict[str, Tensor]] = {}
        for name, value in moments.items():
            *kind, number, key = name.split(".")
            (rows if kind else state).setdefault(int(number), {})[key] = value
        self._adamw.load_state_dict({**self._adamw.state_dict(), "state": state})
        for place, table in enumerate(self._tables):
            table.load(rows[place])

    def _clip(self) -> None:
        """Scale all gradients down together where their joint norm is above the limit."""
        limit = self.config.clip_norm
        if not self._tables:
            nn.utils.clip_grad_norm_(self._rest, limit)
            return
        grads = [p.grad for p in self._rest if p.grad is not None]
        grads += [values for table in self._tables if (values := table.gradient()) is not None]
        factor = (limit / (nn.utils.get_total_norm(grads) + 1e-6)).clamp(max=1.0)
        for grad in grads:
            grad.mul_(factor)


class RowAdam:
    """Adam for a table of which a step reads few rows: no momentum, one second moment for a row.

    A row moves along its gradient over the root of the row's mean square. The mean square fades with every
    step of training, read or not (beta^k after k steps), so that a rare row moves as far at its one
    gradient as dense Adam carries it over the following steps, and a frequent row by one rate a step. Memory
    is two numbers a row, where Adam's moments take two rows. One number for a row is that of row-wise AdaGrad
    (Naumov et al., "Deep Learning Recommendation Model", 2019); Adam without momentum that of Adafactor
    (Shazeer & Stern, 2018). Weights decay as in AdamW, for the steps since the row was last moved.

    Parameters
    ----------
    table
        ``[P, D]``, with a sparse gradient of R rows or a dense one of all.
    weight_decay
        As in AdamW.
    beta
        How much of the mean square a step keeps.
    """

    def __init__(self, table: nn.Parameter, *, weight_decay: float, beta: float = _BETAS[1]) -> None:
        self.table = table
        self.weight_decay, self.beta = weight_decay, beta
        self._square_P = torch.zeros(len(table), device=table.device)
        self._moved_P = torch.zeros(len(table), dtype=torch.int32, device=table.device)
        self._steps = 0

    def gradient(self) -> Tensor | None:
        """Return the gradient's values, rows that were read more than once added up; None without one."""
        grad = self.table.grad
        if grad is None or not grad.is_sparse:
            return grad
        self.table.grad = grad.coalesce()
        return self.table.grad.values()

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move the rows that have a gradient, at this learning rate, and forget the gradient."""
        self._steps += 1
        grad_RD = self.gradient()
        if grad_RD is None:
            return
        assert self.table.grad is not None
        sparse = self.table.grad.is_sparse
        row_R = self.table.grad.indices()[0] if sparse else torch.arange(len(grad_RD), device=grad_RD.device)
        passed_R = self._steps - self._moved_P[row_R]
        square_R = self._square_P[row_R] * self.beta**passed_R + (1 - self.beta) * grad_RD.square().mean(1)
        self._square_P[row_R] = square_R
        self._moved_P[row_R] = self._steps
        # Early on the mean square has seen few steps: the same correction as in Adam.
        root_R = (square_R / (1 - self.beta**self._steps)).sqrt_().add_(_EPSILON)
        kept_R = (1 - rate * self.weight_decay) ** passed_R
        moved_RD = self.table[row_R] * kept_R[:, None]
        self.table[row_R] = moved_RD.addcdiv_(grad_RD, root_R[:, None], value=-rate)
        self.table.grad = None

    def tensors(self) -> dict[str, Tensor]:
        """Return the state, for a checkpoint."""
        return {"square": self._square_P, "moved": self._moved_P, "steps": torch.tensor(self._steps)}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Put back what `tensors` returned."""
        self._square_P.copy_(state["square"])
        self._moved_P.copy_(state["moved"])
        self._steps = int(state["steps"])


def adamw(parameters: list[nn.Parameter], config: TrainConfig) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov & Hutter, 2019); matrices decay, norms and biases do not."""
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=config.learning_rate, betas=_BETAS, fused=True
    )


def rate(config: TrainConfig, progress: float) -> float:
    """Return the learning rate at `progress` (0 to 1) of the schedule.

    Examples
    --------
    >>> config = TrainConfig(learning_rate=1.0, warmup=0.1)
    >>> rate(config, 0.05), round(rate(config, 0.55), 3), round(rate(config, 1.0), 3)
    (0.5, 0.5, 0.0)
    """
    if progress < config.warmup:
        return config.learning_rate * progress / config.warmup
    if config.schedule == "constant":
        return config.learning_rate
    fallen = (progress - config.warmup) / (1 - config.warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, fallen)))
