"""Approximate search: a graph that is walked from item to item, for catalogues too large to read each time.

An HNSW graph (Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical
navigable small world graphs", 2018) over 8-bit vectors, by FAISS. Notable choices:

- The greatest inner product becomes the nearest vector by one more dimension, ``sqrt(M^2 - |e|^2)`` with M
  the greatest length (Bachrach et al., "Speeding up the Xbox recommender system", 2014): a graph built on
  inner products directly is built sooner but stops short of a recall of .95.
- It finds more candidates than are asked for; whoever asks scores them exactly, so that 8 bits cost recall
  at most. Its width of search is the least that reaches the wanted recall on real queries when it is built,
  and the recall is measured on others.
- It is kept as bytes in a model folder, whose hashes are checked before FAISS reads them. What FAISS has read
  is checked here again: no link leads to an item outside the catalogue.

This is the only file that imports FAISS. It knows no user, no filter and no model.

Shape letters: U queries, D width, V items, K candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pydantic
import torch
from torch import Tensor

from regard.config import Config
from regard.errors import ArtifactError, MissingExtraError

__all__ = ["ApproxConfig", "ApproxIndex", "IndexRecord"]

_WIDTHS = (32, 64, 128, 256, 512, 1024)
_ALIGNED = 16  # dimensions that one vector instruction takes
_TRAINED_ON = 100_000
_TRUTH_AT_ONCE = 16  # queries whose scores of the whole catalogue are held


class ApproxConfig(Config):
    """How an index is built and when it is used.

    Attributes
    ----------
    from_items
        A catalogue of at least so many items is worth an index.
    neighbours, construction
        Links of an item, and items that are looked at to find them.
    overfetch
        Candidates for each place of a list.
    recall
        Recall@10 against exact search that the width of search is chosen for.
    queries
        At most so many real queries choose the width and measure the recall, one half each.
    """

    from_items: int = pydantic.Field(default=200_000, ge=1)
    neighbours: int = pydantic.Field(default=32, ge=4, le=128)
    construction: int = pydantic.Field(default=80, ge=8)
    overfetch: int = pydantic.Field(default=8, ge=1)
    recall: float = pydantic.Field(default=0.96, gt=0, le=1)
    queries: int = pydantic.Field(default=512, ge=2)

    def wanted(self, num_items: int) -> bool:
        """Tell whether a catalogue is large enough for an index."""
        return num_items >= self.from_items


class IndexRecord(Config):
    """What is known of an index beside its graph.

    Attributes
    ----------
    config
        How it was built.
    width
        Items that a search keeps in view (``efSearch``).
    recall
        Recall@10 against exact search, on queries that did not choose the width; NaN is kept as None.
    queries
        Number of those queries.
    reach
        M, the greatest length of an item's vector.
    """

    config: ApproxConfig
    width: int = pydantic.Field(ge=1)
    recall: float | None
    queries: int
    reach: float


@dataclass(frozen=True, kw_only=True)
class ApproxIndex:
    """A graph over the items' vectors.

    Parameters
    ----------
    record
        What is known of it.
    graph
        The index of FAISS.
    """

    record: IndexRecord
    graph: Any

    @classmethod
    def build(cls, vectors_VD: Tensor, queries_UD: Tensor, config: ApproxConfig | None = None) -> ApproxIndex:
        """Build a graph, choose its width of search on one half of the queries and measure it on the other.

        Parameters
        ----------
        vectors_VD
            Vectors of the items.
        queries_UD
            Real queries, of which at most ``config.queries`` are used.

        Raises
        ------
        MissingExtraError
            If FAISS is not installed.
        """
        faiss, config = _faiss(), config or ApproxConfig()
        vectors = vectors_VD.detach().float().cpu()
        reach = float(vectors.norm(dim=1).max())
        points = _points(vectors, reach)
        graph = faiss.IndexHNSWSQ(points.shape[1], faiss.ScalarQuantizer.QT_8bit, config.neighbours)
        graph.hnsw.efConstruction = config.construction
        step = max(1, len(points) // _TRAINED_ON)
        graph.train(points[::step])
        graph.add(points)
        record = IndexRecord(config=config, width=_WIDTHS[0], recall=None, queries=0, reach=reach)
        index = cls(record=record, graph=graph)
        queries = queries_UD.detach().float().cpu()[: config.queries]
        choosing, measuring = queries[::2], queries[1::2]
        if len(measuring) == 0:
            return cls(record=record.changed(width=_WIDTHS[-1]), graph=graph)
        truth = _truth(vectors, choosing)
        for width in _WIDTHS:
            index = cls(record=record.changed(width=width), graph=graph)
            if index._recall(vectors, choosing, truth) >= config.recall:
                break
        recall = index._recall(vectors, measuring, _truth(vectors, measuring))
        return cls(record=index.record.changed(recall=recall, queries=len(measuring)), graph=graph)

    def candidates(self, queries_UD: Tensor, count: int) -> np.ndarray:
        """Return ``[U, K]`` int64 items, probably the best by inner product; -1 where fewer were found."""
        faiss = _faiss()
        queries = _padded(queries_UD.detach().float().cpu().numpy(), self.graph.d)
        count = min(count, self.graph.ntotal)
        wide = faiss.SearchParametersHNSW(efSearch=max(self.record.width, count))
        found: np.ndarray = self.graph.search(queries, count, params=wide)[1]
        return found

    def to_bytes(self) -> Tensor:
        """Return the graph as a tensor of bytes, for a model folder."""
        return torch.from_numpy(_faiss().serialize_index(self.graph))

    @classmethod
    def from_bytes(cls, data: Tensor, record: IndexRecord, *, num_items: int) -> ApproxIndex:
        """Read a graph whose bytes were checked against the hashes of its folder.

        Raises
        ------
        ArtifactError
            If the bytes are no graph over `num_items` items.
        MissingExtraError
            If FAISS is not installed.
        """
        faiss = _faiss()
        try:
            graph = faiss.deserialize_index(data.numpy())
        except RuntimeError as error:
            raise ArtifactError(
                f"the index of this model cannot be read ({error}); build it again"
            ) from error
        problem = _problem_of(graph, num_items)
        if problem:
            raise ArtifactError(f"the index of this model {problem}; build it again")
        return cls(record=record, graph=graph)

    def _recall(self, vectors: Tensor, queries: Tensor, truth: np.ndarray) -> float:
        length = truth.shape[1]
        found = self.candidates(queries, length * self.record.config.overfetch)
        scores = torch.einsum("ukd,ud->uk", vectors[torch.from_numpy(found).clamp(min=0)], queries)
        scores[torch.from_numpy(found < 0)] = -torch.inf
        best = np.take_along_axis(found, torch.topk(scores, length).indices.numpy(), axis=1)
        hits = [len(set(a) & set(b)) for a, b in zip(best.tolist(), truth.tolist(), strict=True)]
        return sum(hits) / truth.size


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise MissingExtraError("faiss-cpu", "approx") from error
    return faiss


def _padded(rows: np.ndarray, width: int) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])))


def _points(vectors: Tensor, reach: float) -> np.ndarray:
    """Return the vectors with the dimension that makes all of them equally long, padded with zeros."""
    rest = (reach**2 - vectors.double().square().sum(1)).clamp(min=0).sqrt().float()
    points = torch.cat([vectors, rest[:, None]], dim=1).numpy()
    return _padded(points, -(-points.shape[1] // _ALIGNED) * _ALIGNED)


def _truth(vectors: Tensor, queries: Tensor) -> np.ndarray:
    most = min(10, len(vectors))
    starts = range(0, len(queries), _TRUTH_AT_ONCE)
    best = [torch.topk(queries[at : at + _TRUTH_AT_ONCE] @ vectors.T, most).indices for at in starts]
    return torch.cat(best).numpy()


def _problem_of(graph: Any, num_items: int) -> str | None:
    """Say what is wrong with a graph that was read, or None."""
    faiss = _faiss()
    if not isinstance(graph, faiss.IndexHNSWSQ) or graph.metric_type != faiss.METRIC_L2:
        return "is of another kind"
    if graph.ntotal != num_items:
        return f"knows {graph.ntotal} items and not {num_items}"
    hnsw = graph.hnsw
    links, offsets = faiss.vector_to_array(hnsw.neighbors), faiss.vector_to_array(hnsw.offsets)
    sound = (
        len(offsets) == num_items + 1
        and bool((np.diff(offsets.astype(np.int64)) >= 0).all())
        and int(offsets[-1]) == len(links)
        and bool(((links >= -1) & (links < num_items)).all())
        and -1 <= hnsw.entry_point < num_items
        and faiss.downcast_index(graph.storage).codes.size() == num_items * graph.storage.sa_code_size()
    )
    return None if sound else "has links that lead nowhere"
