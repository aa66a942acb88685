"""What every benchmark shares: where it ran, where results go, targets, and measuring in a fresh process.

    python benchmarks/NAME.py [--quick]

Each script puts the repository's root on `sys.path`, measures, prints its targets as met or missed, and
calls `keep` once a result is there. Memory is the peak of a process of its own (`fresh`), since a peak never
falls again. It knows no peer and no model.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = [
    "KEEP_MEMORY",
    "RESULTS",
    "ROOT",
    "WORKSPACE",
    "BenchError",
    "Fresh",
    "Target",
    "busy",
    "data_folder",
    "environment",
    "fresh",
    "keep",
    "measure_once",
    "median",
    "read",
    "spread",
]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
WORKSPACE = ROOT / ".bench"
# Tells glibc to give freed memory to the next tensor instead of the kernel. A program that allocates its logits
# anew for each batch, as RecTools does, trains about 1.6 times as fast with it; its documentation does not say so.
KEEP_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "16000000000",
    "MALLOC_TOP_PAD_": "500000000",
}
_PACKAGES = ("regard", "torch", "numpy", "polars")


class BenchError(RuntimeError):
    """A measurement could not be made; the message has the end of what the process wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A figure that was set out to be reached.

    Parameters
    ----------
    name
        What is measured, in words.
    value
        What was measured.
    goal
        What it should be: at least, or at most where `lower_is_better`.
    unit
        Of both.
    """

    name: str
    value: float
    goal: float
    unit: str = ""
    lower_is_better: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal if self.lower_is_better else self.value >= self.goal

    def to_json(self) -> dict[str, Any]:
        """Return it with ``met``, as `keep` wants it under ``targets``."""
        return {**asdict(self), "met": self.met}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Target:
        """Make it from what `to_json` returned."""
        return cls(**{name: value for name, value in kept.items() if name != "met"})

    def __str__(self) -> str:
        bound = "at most" if self.lower_is_better else "at least"
        verdict = "met" if self.met else "missed"
        unit = f" {self.unit}" if self.unit else ""
        return f"{verdict:6} {self.name}: {self.value:.4g}{unit} (target: {bound} {self.goal:g}{unit})"


def environment() -> dict[str, Any]:
    """Say where and with what a result was made: date, commit, versions, processor, threads, load."""
    import torch

    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": _commit(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in _PACKAGES},
        "processor": torch.cpu.get_capabilities().get("cpu_name") or _processor(),
        "instructions": _instructions(torch.cpu.get_capabilities()),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load_average": round(os.getloadavg()[0], 2),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
    }


def keep(name: str, result: dict[str, Any]) -> Path:
    """Write a result to ``benchmarks/results/NAME.json``, with the environment where it has none."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    document = result if "environment" in result else {**result, "environment": environment()}
    with tempfile.NamedTemporaryFile(
        "w", dir=RESULTS, delete=False, suffix=".part", encoding="utf-8"
    ) as file:
        file.write(json.dumps(document, indent=1, allow_nan=False) + "\n")
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
    return path


def read(name: str) -> dict[str, Any] | None:
    """Read the result that `keep` wrote under this name; None where there is none."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What a process of its own answered.

    Parameters
    ----------
    value
        What the function returned.
    peak_gb
        Peak of resident memory of the process (VmHWM), imports and reading of data included, in 10^9 bytes.
    seconds
        Wall time of the function.
    """

    value: dict[str, Any]
    peak_gb: float
    seconds: float


def fresh(
    script: Path,
    function: str,
    job: dict[str, Any],
    *,
    python: Path | str = sys.executable,
    timeout: float | None = None,
    variables: Mapping[str, str] | None = None,
) -> Fresh:
    """Call ``function(job)`` of a script in a process of its own, under any Python.

    Parameters
    ----------
    script
        A file; it is loaded by its path.
    function
        Name of a function in it that takes a dictionary and returns one; both must fit in JSON.
    python
        Interpreter, for instance that of a peer's own environment.
    timeout
        Seconds after which the process is ended.
    variables
        Of its environment, beside those of this process.

    Raises
    ------
    BenchError
        If it fails or takes too long, with the last lines that it wrote.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "job.json", Path(folder) / "answer.json"
        asked.write_text(json.dumps(job), encoding="utf-8")
        command = [str(python), str(ROOT / "benchmarks" / "child.py"), str(script), function]
        try:
            done = subprocess.run(
                [*command, str(asked), str(answered)],
                cwd=folder,
                env={**os.environ, **(variables or {})},
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BenchError(f"{script.name} {function}: not done after {timeout:.0f} s") from None
        if done.returncode != 0 or not answered.exists():  # a peer that is asked to end may end well
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise BenchError(f"{script.name} {function}: exit status {done.returncode}\n{tail}")
        answer = json.loads(answered.read_text(encoding="utf-8"))
    return Fresh(value=answer["value"], peak_gb=answer["peak_gb"], seconds=answer["seconds"])


def measure_once(
    name: str, key: str, job: dict[str, Any], *, script: str, again: bool, say: Callable[[str], None]
) -> dict[str, Any] | None:
    """Run a job by the function ``run`` of a script, in a process of its own, and keep it under its key.

    Returns the run; None where it is there already (unless `again`), or failed, which is said.
    """
    kept = (read(name) or {"runs": []})["runs"]
    if any(run["key"] == key for run in kept) and not again:
        say(f"{key}: is there")
        return None
    try:
        done = fresh(Path(script), "run", job)
    except BenchError as error:
        say(f"{key}: failed\n{error}")
        return None
    run = {"key": key, **job, **done.value, "peak_gb": done.peak_gb, "environment": environment()}
    kept = (read(name) or {"runs": []})["runs"]  # others may have been kept meanwhile
    keep(name, {"runs": [*(old for old in kept if old["key"] != key), run]})
    return run


def data_folder(name: str) -> Path:
    """Return the folder of a public data set's original files: ``$REGARD_DATA/NAME`` or ``../shared/data/NAME``.

    Raises
    ------
    BenchError
        If it is not there.
    """
    base = Path(os.environ.get("REGARD_DATA", ROOT.parent / "shared" / "data"))
    folder = base / ("amazon-2014" if name.startswith("amazon-2014") else name)
    if not folder.is_dir():
        raise BenchError(
            f"{name}: {folder} does not exist; set REGARD_DATA to the folder that holds the data sets"
        )
    return folder


def busy() -> str:
    """Return a warning where other programs use the machine, else nothing: such figures are not to be kept."""
    load = os.getloadavg()[0]
    return (
        f"other programs use this machine (load average {load:.1f}): figures are too low"
        if load > 0.7
        else ""
    )


def median(values: list[float]) -> float:
    """Return the median."""
    return float(statistics.median(values))


def spread(values: list[float]) -> str:
    """Say median, smallest and largest of repeats."""
    return f"{median(values):.4g} ({min(values):.4g} to {max(values):.4g}, {len(values)} repeats)"


def _commit() -> str:
    """Name the commit, with a mark where the sources differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout.strip()

    changed = git("status", "--porcelain", "--", "src", "benchmarks/*.py")
    return git("rev-parse", "--short", "HEAD") + ("+changes" if changed else "")


def _instructions(can: Mapping[str, Any]) -> str:
    """Name the widest instructions that products of matrices can use: they decide speed by factors."""
    known = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16", "avx512_f": "AVX512", "avx2": "AVX2"}
    return next((said for name, said in known.items() if can.get(name)), "no vector instructions known")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
