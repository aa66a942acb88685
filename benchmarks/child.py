"""The process in which a measurement runs: calls a function of a script, and notes time and peak of memory.

    python benchmarks/child.py SCRIPT FUNCTION JOB.json ANSWER.json

Only the standard library is used, so that it runs in a peer's own environment. The peak is the kernel's
(VmHWM), of this process alone: measure in one process, without workers.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path


def main() -> None:
    script, function, asked, answered = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    spec = importlib.util.spec_from_file_location("measured", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["measured"] = module
    spec.loader.exec_module(module)
    job = json.loads(asked.read_text(encoding="utf-8"))
    began = time.perf_counter()
    value = getattr(module, function)(job)
    answer = {"value": value, "seconds": time.perf_counter() - began, "peak_gb": peak_gb()}
    answered.write_text(json.dumps(answer), encoding="utf-8")


def peak_gb() -> float:
    """Return the peak of resident memory of this process so far, in 10^9 bytes."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e9
    raise RuntimeError("this kernel does not tell VmHWM")


if __name__ == "__main__":
    main()
