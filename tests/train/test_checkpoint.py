"""A checkpoint gives weights, moments and counters back exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from regard.errors import ArtifactError
from regard.train.checkpoint import Progress, load_checkpoint, save_checkpoint
from regard.train.config import TrainConfig
from regard.train.optim import adamw


def trained() -> tuple[torch.nn.Linear, torch.optim.AdamW]:
    model = torch.nn.Linear(3, 2)
    optimizer = adamw(model, TrainConfig())
    model(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    return model, optimizer


def test_everything_comes_back(tmp_path: Path) -> None:
    model, optimizer = trained()
    progress = Progress(epoch=2, step=3, loss_sum=1.5, loss_count=7, best=0.25, best_epoch=1)
    progress.best_weights = {"weight": torch.ones(2, 3)}
    progress.history.append({"epoch": 1, "loss": 0.5})
    save_checkpoint(tmp_path / "c", fingerprint="f", model=model, optimizer=optimizer, progress=progress)
    other, moments = torch.nn.Linear(3, 2), adamw(torch.nn.Linear(3, 2), TrainConfig())
    moments = adamw(other, TrainConfig())
    back = load_checkpoint(tmp_path / "c", fingerprint="f", model=other, optimizer=moments)
    assert torch.equal(other.weight, model.weight)
    for number, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            assert torch.equal(moments.state_dict()["state"][number][name], value)
    assert torch.equal(back.best_weights.pop("weight"), progress.best_weights.pop("weight"))
    assert back == progress


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    model, optimizer = trained()
    save_checkpoint(tmp_path / "c", fingerprint="f", model=model, optimizer=optimizer, progress=Progress())
    file = tmp_path / "c" / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\0\0")
    with pytest.raises(ArtifactError, match=r"weights\.safetensors"):
        load_checkpoint(tmp_path / "c", fingerprint="f", model=model, optimizer=optimizer)
