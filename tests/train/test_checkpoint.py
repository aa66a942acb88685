"""A checkpoint gives weights, moments and counters back exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from regard.errors import ArtifactError
from regard.nn.embed import IdEmbedding
from regard.train.checkpoint import Progress, load_checkpoint, save_checkpoint
from regard.train.config import TrainConfig
from regard.train.optim import Optimizer


def model(large: int = 10) -> torch.nn.Module:
    return torch.nn.ModuleList([torch.nn.Linear(3, 2), IdEmbedding(large, 3)])


def trained() -> tuple[torch.nn.Module, Optimizer]:
    layers = model()
    optimizer = Optimizer(layers, TrainConfig(row_wise_from=10))
    layers[0](layers[1](torch.tensor([3, 1, 3]))).sum().backward()  # type: ignore[index]
    optimizer.step(1e-3)
    return layers, optimizer


def test_everything_comes_back(tmp_path: Path) -> None:
    layers, optimizer = trained()
    progress = Progress(epoch=2, step=3, loss_sum=1.5, loss_count=7, best=0.25, best_epoch=1)
    progress.best_weights = {"weight": torch.ones(2, 3)}
    progress.history.append({"epoch": 1, "loss": 0.5})
    save_checkpoint(tmp_path / "c", fingerprint="f", model=layers, optimizer=optimizer, progress=progress)
    other = model()
    moments = Optimizer(other, TrainConfig(row_wise_from=10))
    back = load_checkpoint(tmp_path / "c", fingerprint="f", model=other, optimizer=moments)
    for ours, theirs in ((layers.state_dict(), other.state_dict()), (optimizer.tensors(), moments.tensors())):
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert {"0.exp_avg", "rows.0.square"} <= optimizer.tensors().keys()
    assert torch.equal(back.best_weights.pop("weight"), progress.best_weights.pop("weight"))
    assert back == progress


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    layers, optimizer = trained()
    save_checkpoint(tmp_path / "c", fingerprint="f", model=layers, optimizer=optimizer, progress=Progress())
    file = tmp_path / "c" / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\0\0")
    with pytest.raises(ArtifactError, match=r"weights\.safetensors"):
        load_checkpoint(tmp_path / "c", fingerprint="f", model=layers, optimizer=optimizer)
