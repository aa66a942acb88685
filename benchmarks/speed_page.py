"""The chapters on speed: training, recommending, search, and how quality grows with the time of training."""

from __future__ import annotations

from typing import Any

from benchmarks.common import ROOT
from benchmarks.plots import Axis, lines

__all__ = ["IMAGES", "curve_chapter", "recommending_chapter", "topk_chapter", "training_chapter"]

IMAGES = ROOT / "docs" / "images"


def training_chapter(result: dict[str, Any]) -> str:
    steps = "whole epochs" if result["whole_epochs"] else "a few steps of each"
    out = [
        "## Training\n",
        f"{result['data']}, SASRec's shape: width 128, 2 blocks, 2 heads, feed-forward width 128, histories of 200, "
        f"full softmax, batches of 128 x 200; {steps}, the first three left out. An event counts when it is a "
        "target. Peak memory is that of the whole process. RecTools trains in float32, as documented; *memory kept* has "
        "its allocator keep freed memory and *bfloat16* gives it mixed precision, which it does not document; *flat* is its bare network for large logs in a "
        "plain loop, with a feed-forward network four times as wide. RecBole makes a sample of every target with "
        "its whole history, so that a history is read once for each of its events.\n",
        "| system | events per second | per core second | peak memory |",
        "|---|---|---|---|",
    ]
    for name, of in result["systems"].items():
        out.append(
            f"| {name} | {of['spread']} | {of['events_per_core_second']:,.0f} | {of['peak_gb']:.2f} GB |"
        )
    out += [f"\nNot measured: {name}: {reason.splitlines()[-1]}" for name, reason in result["failed"].items()]
    matrix = result["gflops_matrix"]
    out.append(
        f"\nCounted from the model's formulas, a target costs {result['mflop_per_event']:.2f} MFLOP in training, so "
        f"Regard reaches {result['gflops_reached']:.0f} GFLOP/s; products of matrices of the same sizes reach "
        f"{matrix['bfloat16']:.0f} in bfloat16 and {matrix['float32']:.0f} in float32 on this machine.\n"
    )
    return "\n".join(out)


def recommending_chapter(result: dict[str, Any]) -> str:
    out = [
        "## Recommending\n",
        f"{result['data']}, {result['users']:,} users, {result['k']} items each, seen ones left out; medians. For "
        "the peers, making the data set or file of an unseen history is left out. The bare forward pass of RePlay "
        "takes tensors and returns numbers: no ids, no data set.\n",
        "| system | all users | users per second | one unseen history | one known user | bare forward pass |",
        "|---|---|---|---|---|---|",
    ]
    for name, of in result["systems"].items():
        known, bare = (f"{1000 * of[one]:.2f} ms" if one in of else "" for one in ("known", "unseen_forward"))
        unseen = f"{1000 * of['unseen']:.2f} ms"
        speed = f"{of['everyone']:.2f} s | {of['users_per_second']:,.0f}"
        out.append(f"| {name} | {speed} | {unseen} | {known} | {bare} |")
    return "\n".join(out) + "\n"


def topk_chapter(result: dict[str, Any]) -> str:
    out = [
        "## Top-k of large catalogues\n",
        "Ten items of width 128 for one user and for a batch; milliseconds, the best of several rounds that "
        "alternate. *read* is the time to read the table once, which no exact search can beat.\n",
    ]
    for one in result["results"]:
        batches = [name for name in one if name.startswith("users ")]
        ways = [name for name in one[batches[0]] if name != "same lists"]
        read_once = ", ".join(f"{kind} {value:.3g} ms" for kind, value in one["read"].items())
        out += [
            f"### {one['items']:,} items, {one['vectors']} vectors\n",
            f"Reading the table once: {read_once}.\n",
            "| | " + " | ".join(ways) + " |",
            "|---" * (len(ways) + 1) + "|",
        ]
        for name in batches:
            count = int(name.removeprefix("users "))
            times = " | ".join(f"{one[name][way]:.3g} ms" for way in ways)
            out.append(f"| {count} {'user' if count == 1 else 'users'} | {times} |")
        same = all(one[name]["same lists"] for name in batches)
        note = "Both exact ways give the same lists." if same else "**The exact ways give different lists.**"
        if "recall@10" in one:
            note += f" The index finds {one['recall@10']:.1%} of the exact ten; it is built in {one['build seconds']:.0f} s."
        out.append(f"\n{note}\n")
    return "\n".join(out)


def curve_chapter(result: dict[str, Any]) -> str:
    # Only equal numbers of threads compare; where both systems ran on one core, these are drawn.
    alone = [point for point in result["points"] if point["threads"] == 1]
    both = {point["system"] for point in alone} == {point["system"] for point in result["points"]}
    points = alone if both else result["points"]
    drawn = [{"series": point["system"], "x": point["seconds"] / 60, "y": point["ndcg"]} for point in points]
    x, y = Axis("minutes of training", form="d"), Axis("NDCG@10", form=".2f", zero=False)
    lines(drawn, IMAGES / "quality_against_time.svg", x=x, y=y, own="regard", goal=0.180)
    where = "on one core each: minutes are those of the processor" if both else "on two cores"
    return (
        "## Quality against training time\n\n"
        f"ML-1M, leave-last-out, the target's time unknown, {where}. Each point of Regard is a training laid out "
        "for that time; those of RecTools are the epochs of one training. Both run with an allocator that keeps freed "
        "memory (see `KEEP_MEMORY` in `benchmarks/common.py`): RecTools trained about 1.6 times as fast with it in a short run, "
        "which its documentation does not say, Regard no faster. Networks speak alone. Dotted: 0.180.\n\n"
        "![NDCG@10 against minutes of training](images/quality_against_time.svg)\n"
    )
