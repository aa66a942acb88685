"""The chapters of the page on the live server: load, events stored, killed at random, warm starts; it measures nothing."""

from __future__ import annotations

from statistics import fmean
from typing import Any

__all__ = ["append_chapter", "faults_chapter", "going_on_chapter", "load_chapter", "many_chapter"]

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
    out += _answers({_NAMES[system]: of for system, of in result["systems"].items()})
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


def many_chapter(result: dict[str, Any]) -> str:
    """Return what a server with a large catalogue answers, with an index and without one."""
    out = [
        "## Serving: a large catalogue\n",
        f"{result['items']:,} items, a made-up log of {result['events']:,} events and {result['users']:,} users (items "
        f"by Zipf's law), width 64, two blocks; ten items a list, {result['connections']} connections, "
        f"{result['seconds']:g} seconds of each kind. The index was built in {result['index_seconds']:.0f} s; its "
        f"recall@10 against exact search is {result['recall']:.3f}, measured when it was built. Generator and server "
        "share the machine's cores.\n",
        "| load | lists | requests per second | p50 | p95 | p99 | not the model's | memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*out, *_answers(result["systems"])]) + "\n"


def _answers(systems: dict[str, Any]) -> list[str]:
    """Return a row of a table for each kind of load and each system."""
    rows = []
    for kind, words in _KINDS.items():
        for name, of in systems.items():
            one = of[kind]
            times = " | ".join(f"{one[figure]:.1f} ms" for figure in ("p50_ms", "p95_ms", "p99_ms"))
            bad = f"{one['not_answered_by_the_model']} | {of['memory_mb'] / 1e3:.2f} GB"
            rows.append(f"| {words} | {name} | {one['requests_per_second']:,.0f} | {times} | {bad} |")
    return rows


def going_on_chapter(result: dict[str, Any]) -> str:
    """Return what a warm start costs and is worth beside training anew and doing nothing."""
    out = [
        "## A warm start\n",
        "The old model learned from four fifths of the events before the test; a warm start (`regard fit --warm-start`) "
        "goes on from it with all of them, and another model learns all of them anew. Histories hold every event "
        "before the test for all three. NDCG@10 of the latest tenth, whole catalogue, mean of the seeds (smallest to "
        "largest); processor seconds.\n",
        "| log | seeds | old model | gone on | anew | seconds of going on | seconds of training anew | share |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for data, recipe in dict.fromkeys((run["data"], run["recipe"]) for run in result["runs"]):
        runs = [run["models"] for run in result["runs"] if (run["data"], run["recipe"]) == (data, recipe)]
        ndcg = [
            f"{fmean(values):.4f} ({min(values):.4f} to {max(values):.4f})"
            for values in ([run[name]["ndcg@10"] for run in runs] for name in ("old", "gone on", "anew"))
        ]
        on, anew = (fmean(run[name]["cost"] for run in runs) for name in ("gone on", "anew"))
        out.append(
            f"| {data}, recipe {recipe} | {len(runs)} | {' | '.join(ndcg)} | {on:.0f} | {anew:.0f} | {100 * on / anew:.0f} % |"
        )
    return "\n".join(out) + "\n"


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
