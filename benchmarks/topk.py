"""Top-k of a large catalogue: exact in float32, exact by a first pass in bfloat16, and by an index.

    python benchmarks/topk.py [--quick] [--items N ...] [--no-index] [--uniform] [--threads N]

Beside them `torch.topk(q @ E.T)` and the time to read the table once, which no exact search can beat. All
alternate in one process; the best of several rounds counts, since a busy machine only ever adds. Vectors are
those of a generator: items of 1,000 groups in 32 dimensions of falling weight, with noise in all 128 and lengths
that differ by a fifth; a query is an item with half as much noise as signal. Independent Gaussian vectors, which
have no structure that an index could use, are measured beside them (`--uniform`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import Target, environment, keep
from regard.models.protocols import Rough
from regard.models.table import SearchTable
from regard.nn.heads import Catalogue
from regard.recommend.approx import ApproxConfig, ApproxIndex
from regard.recommend.filters import Allowed
from regard.recommend.search import search
from regard.recommend.shortlist import ranked_by_index

WIDTH, K, BATCH, SAMPLE = 128, 10, 64, 512
WHAT = (
    "structured: items of 1,000 groups in 32 dimensions of falling weight with noise in all 128; a query is the "
    "vector of an item with half as much noise as signal, not the state of a model; uniform: independent Gaussian"
)
_LARGE = 1_000_000  # the target of the index is set at a million items


@dataclass
class Dense:
    """A scorer of vectors without a model."""

    table: SearchTable

    @property
    def num_items(self) -> int:
        return self.table.size

    def rough(self, query: Tensor, start: int, stop: int) -> Rough | None:
        return self.table.rough(query, start, stop)

    def exact(self, query: Tensor, row_S: Tensor, item_S: Tensor) -> Tensor:
        return self.table.exact(query, row_S, item_S)

    def item_vectors(self) -> Tensor:
        return self.table.weight_VD

    def query_vectors(self, query: Tensor) -> Tensor:
        return query

    def further_candidates(self, query: Tensor, count: int) -> Tensor | None:
        return None


@dataclass(frozen=True)
class World:
    items: Tensor
    queries: Tensor


def structured(count: int) -> World:
    random = np.random.default_rng(0)
    normal = lambda *shape: random.standard_normal(shape, dtype=np.float32)  # noqa: E731
    weight = (np.arange(1, 33) ** -0.5).astype(np.float32)
    latent = (normal(1_000, 32)[random.integers(0, 1_000, count)] + 0.7 * normal(count, 32)) * weight
    items = latent @ (normal(32, WIDTH) / WIDTH**0.5) + 0.05 * normal(count, WIDTH)
    items *= np.exp(0.2 * normal(count, 1))
    near = items[random.integers(0, count, SAMPLE)]
    length = np.linalg.norm(near, axis=1, keepdims=True) / WIDTH**0.5
    return World(torch.from_numpy(items), torch.from_numpy(near + 0.5 * length * normal(SAMPLE, WIDTH)))


def uniform(count: int) -> World:
    random = torch.Generator().manual_seed(0)
    return World(torch.randn(count, WIDTH, generator=random), torch.randn(SAMPLE, WIDTH, generator=random))


def best_ms(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the best of `rounds` milliseconds of each way, in alternation."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds + 1):  # one more, as the first is a warm-up too
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            best[name] = min(best[name], 1e3 * (time.perf_counter() - started))
    return best


@torch.inference_mode()
def measure(world: World, *, index: ApproxIndex | None, rounds: int) -> dict[str, Any]:
    size = len(world.items)
    catalogue = Catalogue(weight_PD=world.items, bias_P=None, size=size)
    allowed = Allowed(known_V=np.ones(size, dtype=bool))
    plain, half = (Dense(SearchTable.of(catalogue, half_from=n)) for n in (10**9, 0))
    result: dict[str, Any] = {"items": size, "read": reading(world.items, rounds)}
    for users in (1, BATCH):
        query = world.queries[:users]
        sizes: dict[str, Any] = {"users": users, "k": K, "allowed": allowed}

        def exact(scorer: Dense, query: Tensor = query, sizes: dict[str, Any] = sizes) -> Any:
            return search(scorer, query, num_items=size, block=65_536, **sizes)

        ways: dict[str, Callable[[], Any]] = {
            "torch.topk": lambda query=query: torch.topk(query @ world.items.T, K),
            "exact float32": partial(exact, plain),
            "exact bfloat16": partial(exact, half),
        }
        if index is not None:
            ways["index"] = lambda query=query, sizes=sizes: ranked_by_index(half, query, index, **sizes)
        result[f"users {users}"] = best_ms(ways, rounds)
        same = np.array_equal(exact(plain).score_UK, exact(half).score_UK)
        result[f"users {users}"]["same lists"] = bool(same)
    return result


def reading(items: Tensor, rounds: int) -> dict[str, float]:
    half = items.bfloat16()
    flat = half.view(torch.int32).view(-1)
    return best_ms({"float32": items.amax, "bfloat16": flat.amax}, rounds)


@torch.inference_mode()
def recall(world: World, index: ApproxIndex) -> float:
    """Return recall@10 of lists by the index against those of torch, on queries that did not tune it."""
    asked = world.queries[1::2]  # `ApproxIndex.build` chooses its width by the others
    scorer = Dense(SearchTable.of(Catalogue(weight_PD=world.items, bias_P=None, size=len(world.items))))
    allowed = Allowed(known_V=np.ones(len(world.items), dtype=bool))
    lists = ranked_by_index(scorer, asked, index, users=len(asked), k=K, allowed=allowed)
    hits = 0
    for row, query in zip(lists.item_UK, asked, strict=True):
        hits += len(set(row.tolist()) & set(torch.topk(world.items @ query, K).indices.tolist()))
    return hits / (K * len(asked))


def report(result: dict[str, Any]) -> list[Target]:
    print(f"\n{result['items']:,} items, {result['vectors']}; reading the table once: {result['read']}")
    targets = []
    for users in (1, BATCH):
        row = result[f"users {users}"]
        print(
            f"  {users:3} users: " + ", ".join(f"{n} {v:.3g} ms" for n, v in row.items() if n != "same lists")
        )
        if "index" in row and result["items"] >= _LARGE:
            targets.append(
                Target(
                    name=f"index against torch.topk, {users} users, {result['items']:,} items, {result['vectors']}",
                    value=row["torch.topk"] / row["index"],
                    goal=20,
                    unit="times",
                )
            )
    if "recall@10" in result:
        targets.append(
            Target(
                name=f"recall@10 of the index, {result['items']:,} items, {result['vectors']}",
                value=result["recall@10"],
                goal=0.95,
            )
        )
    for target in targets:
        print(f"  {target}")
    return targets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out a million items")
    parser.add_argument("--items", type=int, nargs="*", help="sizes of the catalogue")
    parser.add_argument("--no-index", action="store_true", help="exact search only")
    parser.add_argument("--uniform", action="store_true", help="Gaussian vectors too")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of all ways")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)  # FAISS obeys the same setting
    sizes = chosen.items or [10_000, 100_000, *([] if chosen.quick else [_LARGE])]
    results, targets = [], []
    print(WHAT)
    for size in sizes:
        for name in ("structured", "uniform") if chosen.uniform else ("structured",):
            world = structured(size) if name == "structured" else uniform(size)
            index, seconds = None, 0.0
            if not chosen.no_index:
                started = time.perf_counter()
                index = ApproxIndex.build(world.items, world.queries, ApproxConfig(queries=SAMPLE))
                seconds = time.perf_counter() - started
            result = measure(world, index=index, rounds=5 if size >= _LARGE else 20)
            result["vectors"] = name
            if index is not None:
                result |= {
                    "recall@10": recall(world, index),
                    "index": index.record.to_json(),
                    "build seconds": seconds,
                }
            results.append(result)
            targets += report(result)
    name = "topk_quick" if chosen.quick else "topk"
    kept = {
        "what": WHAT,
        "results": results,
        "targets": [target.to_json() for target in targets],
    }
    keep(name, {**kept, "environment": environment()})


if __name__ == "__main__":
    main()
