"""Counters: what happened, in the text format of Prometheus; no label comes from a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["Counters"]

_EDGES: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_HELP: Final = {
    "regard_requests_total": "Requests, by path and status.",
    "regard_events_total": "Events, by what became of them.",
    "regard_fallbacks_total": "Lists of popular items in place of the model's, by reason.",
    "regard_refused_total": "Requests that were turned away, by reason.",
    "regard_reloads_total": "Attempts to swap the model, by outcome.",
}


class Counters:
    """Counts and times; every method is called from the event loop only.

    Examples
    --------
    >>> counters = Counters()
    >>> counters.add("regard_events_total", "outcome", "stored", 3)
    >>> [line for line in counters.text({}).splitlines() if line.startswith("regard_events")]
    ['regard_events_total{outcome="stored"} 3']
    """

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {name: {} for name in _HELP}
        self._times: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def add(self, name: str, label: str, value: str, count: int = 1) -> None:
        """Count something under a name that there is."""
        family, labels = self._counts[name], f'{label}="{value}"'
        family[labels] = family.get(labels, 0) + count

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request and the time it took; `path` is that of a route, with its gaps."""
        family, labels = self._counts["regard_requests_total"], f'path="{path}",status="{status}"'
        family[labels] = family.get(labels, 0) + 1
        times = self._times.setdefault(path, [0] * (len(_EDGES) + 1))
        times[sum(seconds > edge for edge in _EDGES)] += 1
        self._seconds[path] = self._seconds.get(path, 0.0) + seconds

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return everything as text, with some values as they are now."""
        return "\n".join([*self._counted(), *self._timed(), *_gauges(gauges), ""])

    def _counted(self) -> Iterator[str]:
        for name, family in self._counts.items():
            yield f"# HELP {name} {_HELP[name]}"
            yield f"# TYPE {name} counter"
            yield from (f"{name}{{{labels}}} {count}" for labels, count in sorted(family.items()))

    def _timed(self) -> Iterator[str]:
        name = "regard_request_seconds"
        yield f"# HELP {name} Time from the first byte of a request to the last of its answer."
        yield f"# TYPE {name} histogram"
        for path, times in sorted(self._times.items()):
            total = 0
            for edge, count in zip((*_EDGES, "+Inf"), times, strict=True):
                total += count
                yield f'{name}_bucket{{path="{path}",le="{edge}"}} {total}'
            yield f'{name}_sum{{path="{path}"}} {self._seconds[path]:.6f}'
            yield f'{name}_count{{path="{path}"}} {total}'


def _gauges(gauges: Mapping[str, float]) -> Iterator[str]:
    for name, value in gauges.items():
        yield f"# TYPE {name} gauge"
        yield f"{name} {value:g}"
