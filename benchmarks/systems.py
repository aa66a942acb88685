"""The systems whose quality is compared, each with the settings it is run with.

``documented`` settings are a peer's own defaults; ``ours`` give it the size, length and dropout of Regard's
recipe for the same log. Peers choose the number of epochs on the same validation as Regard, with patience,
and are then trained that long on everything, as Regard is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, WORKSPACE
from benchmarks.tasks import Task
from regard.models.causal import CausalConfig
from regard.recipes.book import recipe_for

__all__ = ["NAMES", "System", "scratch", "system_of"]

NAMES = (
    "regard",
    "regard (request time)",
    "regard (table of items)",
    "baselines",
    "rectools (documented)",
    "rectools (ours)",
    "replay (documented)",
    "replay (ours)",
    "implicit ALS",
)
_PATIENCE, _PATIENCE_STEPS = 5, 200  # epochs, and steps of training, that must pass without a better one
_MAX_EPOCHS = 200
_BATCH = 128


@dataclass(frozen=True)
class System:
    """What to call in a fresh process, and with what.

    Parameters
    ----------
    name
        In tables.
    script, function
        What is called.
    job
        Settings and limits; files and seed are added by the caller.
    peer
        Name of the environment; None for Regard's own.
    """

    name: str
    script: Path
    function: str
    job: dict[str, Any]
    peer: str | None


def system_of(name: str, task: Task, *, settings: dict[str, Any], max_seconds: float) -> System:
    """Return a system by its name in `NAMES`, for a task.

    Parameters
    ----------
    settings
        Changes to Regard's recipe, which say nothing to peers.
    max_seconds
        Training seconds after which a peer's search ends even if it still improves.
    """
    own, peers = ROOT / "benchmarks" / "own.py", ROOT / "benchmarks" / "peers"
    if name == "regard":
        return System(name, own, "quality", {"settings": settings}, None)
    if name == "regard (request time)":
        # A server knows when it is asked; published tables that say so are a comparison of their own.
        job = {"settings": {**settings, "shape.request_time": True}, "request_time": True}
        return System(name, own, "quality", job, None)
    if name == "regard (table of items)":
        return System(name, own, "quality", {"settings": settings, "described": True}, None)
    if name == "baselines":
        return System(name, own, "baselines", {"settings": {}}, None)
    # An epoch of few users is of few steps: a peer would stop before it has begun.
    steps = -(-len(task.dataset.users) // _BATCH)
    patience = max(_PATIENCE, -(-_PATIENCE_STEPS // steps))
    limits = {"patience": patience, "max_epochs": _MAX_EPOCHS, "max_seconds": max_seconds}
    documented = name.endswith("(documented)")
    if name.startswith("rectools"):
        job = {**limits, "settings": {} if documented else _rectools(_shape(task))}
        return System(name, peers / "rectools_sasrec.py", "quality", job, "rectools")
    if name.startswith("replay"):
        job = {**limits, "settings": _REPLAY if documented else _replay(_shape(task))}
        return System(name, peers / "replay_sasrec.py", "quality", job, "replay")
    assert name == "implicit ALS", name
    return System(name, peers / "implicit_als.py", "quality", {"settings": _ALS}, "implicit")


def _shape(task: Task) -> CausalConfig:
    return CausalConfig(**recipe_for("sequential", task.held.train).shape)


def _rectools(shape: CausalConfig) -> dict[str, Any]:
    return {
        "n_factors": shape.width,
        "n_blocks": shape.blocks,
        "n_heads": shape.heads,
        "session_max_len": shape.max_length,
        "dropout_rate": shape.dropout,
        "batch_size": _BATCH,
        "loss": "softmax",
    }


# The defaults of `SasRec.from_params`, which names no batch size.
_REPLAY = {
    "embedding_dim": 192,
    "num_heads": 4,
    "num_blocks": 2,
    "max_sequence_length": 50,
    "dropout": 0.3,
    "batch_size": _BATCH,
}


def _replay(shape: CausalConfig) -> dict[str, Any]:
    return {
        "embedding_dim": shape.width,
        "num_heads": shape.heads,
        "num_blocks": shape.blocks,
        "max_sequence_length": shape.max_length,
        "dropout": shape.dropout,
        "batch_size": _BATCH,
    }


_ALS = [
    {"factors": factors, "regularization": regularization, "alpha": alpha}
    for factors, regularization, alpha in product((100, 32), (0.01, 1.0), (1.0, 10.0))
]


def scratch(key: str) -> Path:
    """Return where a run may write its lists."""
    folder = WORKSPACE / "lists"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{key}.npz"
