"""Checkpoints: everything that training needs to go on as if nothing had happened.

A checkpoint is a folder like a model's: safetensors and JSON with hashes, written atomically. Random
states are not in it, since every step draws from a seed of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from regard.artifact import ArtifactContent, read_artifact, write_artifact
from regard.errors import ResumeError
from regard.train.optim import Optimizer

__all__ = ["Progress", "load_checkpoint", "save_checkpoint", "saver"]


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far training has come.

    Parameters
    ----------
    epoch, step
        Finished epochs, and finished steps of the one under way.
    loss_sum, loss_count
        Of the epoch under way.
    best, best_epoch
        Best validation so far and its epoch; 0 before the first.
    history
        One dictionary for each finished epoch, as written to the log.
    best_weights
        Weights of the best epoch, on the CPU.
    average
        The running average of the weights; empty if there is none.
    """

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    loss_count: float = 0
    best: float = float("-inf")
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    average: dict[str, Tensor] = field(default_factory=dict)


def save_checkpoint(
    folder: Path, *, fingerprint: str, model: nn.Module, optimizer: Optimizer, progress: Progress
) -> None:
    """Write a checkpoint; the older one is kept until the new one is complete.

    Parameters
    ----------
    folder
        Of the checkpoint.
    fingerprint
        Names data and configuration; only the same may go on from here.
    model, optimizer, progress
        What is saved.
    """
    document = {
        "fingerprint": fingerprint,
        "epoch": progress.epoch,
        "step": progress.step,
        "loss_sum": progress.loss_sum,
        "loss_count": progress.loss_count,
        "best": progress.best if progress.best_epoch else None,
        "best_epoch": progress.best_epoch,
        "history": progress.history,
    }
    tensors = {
        "weights": model.state_dict(),
        "optimizer": optimizer.tensors(),
        "best": progress.best_weights,
        "average": progress.average,
    }
    write_artifact(folder, ArtifactContent(documents={"progress": document}, tensors=tensors))


def saver(
    folder: Path | None, *, fingerprint: str, model: nn.Module, optimizer: Optimizer, progress: Progress
) -> Callable[[], None]:
    """Return what writes a checkpoint of how far training has come; without a folder it does nothing."""

    def save() -> None:
        if folder is not None:
            save_checkpoint(
                folder, fingerprint=fingerprint, model=model, optimizer=optimizer, progress=progress
            )

    return save


def load_checkpoint(folder: Path, *, fingerprint: str, model: nn.Module, optimizer: Optimizer) -> Progress:
    """Put weights and moments of a checkpoint back, and return how far it had come.

    Raises
    ------
    ResumeError
        If the checkpoint belongs to other data or to another configuration.
    ArtifactError
        If it is damaged.
    """
    content = read_artifact(folder)
    document = content.documents["progress"]
    if document["fingerprint"] != fingerprint:
        raise ResumeError(
            f"the checkpoint in {folder} belongs to other data or to another configuration; "
            "start without resuming, or give the data and settings of the interrupted run"
        )
    model.load_state_dict(dict(content.tensors["weights"]))
    optimizer.load(content.tensors["optimizer"])
    return Progress(
        epoch=document["epoch"],
        step=document["step"],
        loss_sum=document["loss_sum"],
        loss_count=document["loss_count"],
        best=float("-inf") if document["best"] is None else document["best"],
        best_epoch=document["best_epoch"],
        history=document["history"],
        best_weights=dict(content.tensors["best"]),
        average={name: value.clone() for name, value in content.tensors["average"].items()},
    )
