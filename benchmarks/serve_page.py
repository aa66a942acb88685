"""The chapters of the page on the live server: load, events stored, killed at random. It measures nothing."""

from __future__ import annotations

from typing import Any

__all__ = ["append_chapter", "faults_chapter", "load_chapter"]

_KINDS = {
    "recommend": "lists for known users",
    "fresh": "lists for histories that never come twice",
    "event": "one event a request",
    "mixed": "nine lists to one event",
}
_NAMES = {"regard": "regard serve", "rectools": "RecTools in FastAPI"}
_SETTLED = 0.1  # of a long run, after which its memory is compared with that at the end


def load_chapter(result: dict[str, Any]) -> str:
    """Return what a server answers under load, beside RecTools behind FastAPI."""
    out = [
        "## Serving: load\n",
        f"{result['data']}, {result['users']:,} users, {result['items']:,} items, SASRec's shape; ten items a list, "
        f"{result['connections']} connections, each of which sends its next request when it has its answer; "
        f"{result['seconds']:g} seconds of each kind, medians of {result['repeats']} repeats in turn. Generator and "
        "server share the machine's cores. Both commit an event to SQLite before they answer, with a sync; RecTools "
        "makes lists one after another, since it makes a trainer for each. Memory is that of the server's process "
        "after these loads.\n",
        "| load | system | requests per second | p50 | p95 | p99 | not the model's | memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind, words in _KINDS.items():
        for system, of in result["systems"].items():
            one = of[kind]
            times = " | ".join(f"{one[name]:.1f} ms" for name in ("p50_ms", "p95_ms", "p99_ms"))
            bad = f"{one['not_answered_by_the_model']} | {of['memory_mb'] / 1e3:.2f} GB"
            rate = f"{one['requests_per_second']:,.0f}"
            out.append(f"| {words} | {_NAMES[system]} | {rate} | {times} | {bad} |")
    reasons = result["failed"].items()
    out += [f"\nNot measured: {_NAMES[name]}: {reason.splitlines()[-1]}" for name, reason in reasons]
    out.append(_lasting(result["long"]))
    return "\n".join(out) + "\n"


def _lasting(long: dict[str, Any]) -> str:
    settled = next(one for one in long["memory"] if one["second"] >= _SETTLED * long["seconds"])
    first, last = settled["mb"], long["memory"][-1]["mb"]
    return (
        f"\nMixed load for {long['seconds'] / 60:g} minutes on `regard serve`: {long['requests']:,} requests, "
        f"{long['requests_per_second']:,.0f} a second, p99 {long['p99_ms']:.1f} ms; "
        f"{long['not_answered_by_the_model']} were not answered by the model. Memory was {first:,.0f} MB after "
        f"{settled['second']:.0f} seconds and {last:,.0f} MB at the end; it grows with histories and states of users, "
        "up to what `--memory` allows."
    )


def append_chapter(result: dict[str, Any]) -> str:
    """Return how many events a second each store keeps."""
    stores = result["stores"]
    names = list(next(iter(stores.values())))
    out = [
        "## Serving: events stored\n",
        "Events a second, each acknowledged only when it is synced, without HTTP; then how long it takes to read a "
        "history of 50 events and to open a log of that size, checks included.\n",
        "| store | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    out += [
        f"| {store} | " + " | ".join(f"{of[name]:,}" for name in names) + " |" for store, of in stores.items()
    ]
    return "\n".join(out) + "\n"


def faults_chapter(result: dict[str, Any]) -> str:
    """Return what became of events when a process or a store was killed at a random moment."""
    out = [
        "## Serving: killed at a random moment\n",
        "Four threads append batches of 1 to 20 events until the process (SQLite) or the server with all its children "
        "(PostgreSQL, Redis) is killed; then the log is opened again. *Lost*, *doubled* and *torn* count "
        "acknowledged events; *not acknowledged* are events that are there although their answer never came, which is "
        "allowed.\n",
        "| store | kills | acknowledged | lost | doubled | torn batches | stored again | not acknowledged | open again |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in result["stores"]:
        counts = (one[name] for name in ("lost", "twice", "torn", "stored_again", "unacknowledged"))
        again = one["restart_seconds"]
        out.append(
            f"| {one['store']} | {one['rounds']} | {one['acknowledged']:,} | "
            + " | ".join(f"{count:,}" for count in counts)
            + f" | {again['median']:.2f} s, at most {again['largest']:.2f} s |"
        )
    return "\n".join(out) + "\n"
