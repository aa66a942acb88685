"""Environments of the peers: made once, under ``.bench/``, with pinned versions.

Torch is named in the same command as the peer, so that all of them get the same version and pip never
looks for another build. ``REGARD_BENCH`` names another folder; ``REGARD_BENCH_PYTHON`` another Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.common import WORKSPACE, BenchError

__all__ = ["REQUIREMENTS", "python_of"]

_TORCH = "torch==2.13.0"
_SERVED = ("fastapi==0.165.0", "httptools==0.9.0", "uvicorn==0.54.0", "uvloop==0.23.0")
REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "rectools": ("rectools[torch]==0.19.0", _TORCH, *_SERVED),
    "replay": ("replay-rec[torch]==0.22.0", _TORCH),
    "implicit": ("implicit==0.7.2",),
    "fuxictr": ("fuxictr==2.3.7", _TORCH),
    "recbole": ("recbole==1.2.1", "numpy<2", "pandas<3", "scipy<1.14", _TORCH),
}


def python_of(peer: str) -> Path:
    """Return the interpreter of a peer's environment, making the environment where there is none.

    Raises
    ------
    BenchError
        If it cannot be made, with the end of what pip wrote.
    """
    folder = Path(os.environ.get("REGARD_BENCH", WORKSPACE)) / peer
    python, done = folder / "bin" / "python", folder / ".installed"
    wanted = "\n".join(REQUIREMENTS[peer])
    if done.exists() and done.read_text(encoding="utf-8") == wanted:
        return python
    base = os.environ.get("REGARD_BENCH_PYTHON", sys.executable)
    _call([base, "-m", "venv", str(folder)], peer)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _call([*pip, *REQUIREMENTS[peer]], peer)
    done.write_text(wanted, encoding="utf-8")
    return python


def _call(command: list[str], peer: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise BenchError(f"the environment of {peer} could not be made: {' '.join(command[-3:])}\n{tail}")
