"""The rate rises and falls; vectors do not decay; large tables move by rows, as far as Adam moves them."""

from __future__ import annotations

import pytest
import torch

from regard.nn.embed import IdEmbedding
from regard.train.config import TrainConfig
from regard.train.optim import Optimizer, RowAdam, adamw, rate


@pytest.mark.parametrize(
    ("progress", "expected"), [(0.0, 0.0), (0.1, 1.0), (0.2, 2.0), (0.6, 1.0), (1.0, 0.0)]
)
def test_the_schedule_warms_up_and_cools_down(progress: float, expected: float) -> None:
    config = TrainConfig(learning_rate=2.0, warmup=0.2)
    assert rate(config, progress) == pytest.approx(expected, abs=1e-9)


def test_without_warm_up_it_starts_at_the_top() -> None:
    assert rate(TrainConfig(learning_rate=2.0, warmup=0.0), 0.0) == 2.0


def test_matrices_decay_and_vectors_do_not() -> None:
    groups = adamw(list(torch.nn.Linear(3, 2).parameters()), TrainConfig(weight_decay=0.5)).param_groups
    assert [(group["weight_decay"], len(group["params"])) for group in groups] == [(0.5, 1), (0.0, 1)]


def model(size: int) -> torch.nn.ModuleList:
    torch.manual_seed(0)
    return torch.nn.ModuleList([IdEmbedding(size, 4), torch.nn.Linear(4, 1)])


def take_steps(layers: torch.nn.ModuleList, optimizer: Optimizer, ids: list[list[int]]) -> None:
    for some in ids:
        layers[1](layers[0](torch.tensor(some))).square().sum().backward()
        optimizer.step(0.1)


def test_a_small_table_is_moved_by_adamw_exactly_as_torch_does() -> None:
    config = TrainConfig(row_wise_from=10, learning_rate=0.1)
    ours, theirs = model(9), model(9)
    reference = adamw(list(theirs.parameters()), config)
    take_steps(ours, Optimizer(ours, config), [[1, 2], [2, 3]])
    for some in ([1, 2], [2, 3]):
        reference.zero_grad()
        theirs[1](theirs[0](torch.tensor(some))).square().sum().backward()
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), config.clip_norm)
        reference.step()
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_a_large_table_moves_only_where_it_was_read() -> None:
    layers = model(10)
    before = layers[0].weight.detach().clone()
    take_steps(layers, Optimizer(layers, TrainConfig(row_wise_from=10)), [[1, 2, 1], [5]])
    moved = (layers[0].weight != before).any(dim=1)
    assert torch.flatten(torch.nonzero(moved)).tolist() == [1, 2, 5]


def test_the_gradients_of_tables_and_of_the_rest_are_clipped_together() -> None:
    config = TrainConfig(row_wise_from=10, clip_norm=0.01)
    sparse, dense = model(10), model(10)
    optimizer = Optimizer(sparse, config)
    for layers in (sparse, dense):
        layers[1](layers[0](torch.tensor([1, 2, 1]))).sum().backward()
    torch.nn.utils.clip_grad_norm_(dense.parameters(), config.clip_norm)
    optimizer.step(0.0)  # a step of size zero still moves the mean square
    state = optimizer.tensors()
    expected = (1 - 0.98) * dense[0].weight.grad.square().mean(1)
    torch.testing.assert_close(state["rows.0.square"], expected)


def test_a_row_that_is_read_in_every_step_moves_by_one_rate_and_a_rare_one_as_far_as_adam_carries_it() -> (
    None
):
    def distance(optimizer: str, every: int) -> float:
        """Return the way of a row a step of training, under a gradient of one in every `every` steps."""
        table = torch.nn.Parameter(torch.zeros(2, 1))
        rows = RowAdam(table, weight_decay=0.0)
        dense = torch.optim.Adam([table], lr=0.1, betas=(0.9, 0.98))
        for step in range(1000):
            table.grad = torch.tensor([[1.0 if step % every == 0 else 0.0], [0.0]])
            if optimizer == "dense":
                dense.step()
            elif step % every == 0:
                table.grad = torch.sparse_coo_tensor([[0]], [[1.0]], (2, 1), check_invariants=True)
                rows.step(0.1)
            else:
                table.grad = None
                rows.step(0.1)
        return abs(float(table.detach()[0])) / 1000

    assert distance("rows", 1) == pytest.approx(0.1, rel=0.01)
    for every in (1, 10, 100):
        assert distance("rows", every) == pytest.approx(distance("dense", every), rel=0.25)


def test_a_sparse_and_a_dense_gradient_move_the_same() -> None:
    start, grad = torch.randn(6, 3), torch.randn(6, 3)
    tables = []
    for given in (grad, grad.to_sparse(1)):
        table = torch.nn.Parameter(start.clone())
        rows = RowAdam(table, weight_decay=0.1)
        for _ in range(3):
            table.grad = given.clone()
            rows.step(0.1)
        tables.append(table.detach())
    torch.testing.assert_close(*tables)


def test_a_row_decays_for_the_steps_that_it_was_not_read() -> None:
    table = torch.nn.Parameter(torch.ones(1, 2))
    rows = RowAdam(table, weight_decay=0.5)
    for given in (None, None, torch.zeros(1, 2).to_sparse(1)):
        table.grad = given
        rows.step(0.1)
    table.grad = torch.sparse_coo_tensor([[0]], [[0.0, 0.0]], (1, 2), check_invariants=True)
    rows.step(0.1)
    torch.testing.assert_close(table.detach(), torch.full((1, 2), 0.95**4))
