"""Regard: recommendations that are accurate, explained and live, with attention at every step.

The verbs: `fit` an event log, `load` a model, `evaluate` it. A `Model` recommends, explains and saves.
Everything is imported when it is first used, so that ``import regard`` is quick and brings no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regard.api import Run, evaluate, fit, load
    from regard.config import RunOptions
    from regard.errors import RegardError
    from regard.model import Model

__version__ = "0.1.0"
__all__ = ["Model", "RegardError", "Run", "RunOptions", "evaluate", "fit", "load"]

_HOMES = {
    "Model": "regard.model",
    "RegardError": "regard.errors",
    "Run": "regard.api",
    "RunOptions": "regard.config",
    "evaluate": "regard.api",
    "fit": "regard.api",
    "load": "regard.api",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'regard' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
