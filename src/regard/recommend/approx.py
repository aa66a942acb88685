"""Approximate search: lists of vectors that lie near each other, of which only the promising ones are read.

An inverted file (Jegou et al., "Product quantization for nearest neighbor search", 2011) over 8-bit vectors,
by FAISS. Notable choices:

- A vector belongs to the *nearest* centre, so that long vectors share lists with long ones; a search reads
  the lists whose centres have the *greatest inner product* with the query. Recommending asks for the greatest
  inner product, and its answers are mostly long vectors in roughly the query's direction: their lists come
  first. (A graph over vectors that one more dimension makes equally long, as by Bachrach et al., 2014, took
  ten times as long to build and to search, and stopped short of a recall of .95 at a million items.)
- It finds more candidates than are asked for; whoever asks scores them exactly, so that 8 bits cost recall
  at most. How many lists a search reads is the least that reaches the wanted recall on real queries when it
  is built, and the recall is measured on others.
- It is kept as bytes in a model folder, whose hashes are checked before FAISS reads them. What FAISS has read
  is checked here again: its lists hold each item of the catalogue once, in codes of the right size.

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

_PROBES = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1_024, 1_536, 2_048)
_LISTS = 4  # times the root of the number of items: reading centres and reading lists then cost alike
_ALIGNED = 16  # dimensions that one vector instruction takes
_EACH, _ROUNDS = 48, 10  # vectors for each centre that k-means sees, and how often
_TRUTH_AT_ONCE = 16  # queries whose scores of the whole catalogue are held


class ApproxConfig(Config):
    """How an index is built and when it is used.

    Attributes
    ----------
    from_items
        A catalogue of at least so many items is worth an index.
    overfetch
        Candidates for each place of a list.
    recall
        Recall@10 against exact search that the number of lists to read is chosen for.
    queries
        At most so many real queries choose that number and measure the recall, one half each.
    """

    from_items: int = pydantic.Field(default=200_000, ge=1)
    overfetch: int = pydantic.Field(default=8, ge=1)
    recall: float = pydantic.Field(default=0.97, gt=0, le=1)
    queries: int = pydantic.Field(default=512, ge=2)

    def wanted(self, num_items: int) -> bool:
        """Tell whether a catalogue is large enough for an index."""
        return num_items >= self.from_items


class IndexRecord(Config):
    """What is known of an index beside its lists.

    Attributes
    ----------
    config
        How it was built.
    lists, probes
        Number of lists, and of those that a search reads.
    recall
        Recall@10 against exact search, on queries that did not choose the number; None without any.
    queries
        Number of those queries.
    """

    config: ApproxConfig
    lists: int = pydantic.Field(ge=1)
    probes: int = pydantic.Field(ge=1)
    recall: float | None
    queries: int


@dataclass(frozen=True, kw_only=True)
class ApproxIndex:
    """Lists of the items' vectors.

    Parameters
    ----------
    record
        What is known of it.
    inverted
        The index of FAISS.
    """

    record: IndexRecord
    inverted: Any

    @classmethod
    def build(cls, vectors_VD: Tensor, queries_UD: Tensor, config: ApproxConfig | None = None) -> ApproxIndex:
        """Build lists, choose how many a search reads on one half of the queries, measure on the other.

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
        config = config or ApproxConfig()
        vectors = vectors_VD.detach().float().cpu()
        inverted = _inverted(_padded(vectors.numpy()))
        lists = int(inverted.nlist)
        record = IndexRecord(config=config, lists=lists, probes=lists, recall=None, queries=0)
        index = cls(record=record, inverted=inverted)
        queries = queries_UD.detach().float().cpu()[: config.queries]
        choosing, measuring = queries[::2], queries[1::2]
        if len(measuring) == 0:
            return index
        truth = _truth(vectors, choosing)
        for probes in (*(number for number in _PROBES if number < lists), lists):
            index = cls(record=record.changed(probes=probes), inverted=inverted)
            if index._recall(vectors, choosing, truth) >= config.recall:
                break
        recall = index._recall(vectors, measuring, _truth(vectors, measuring))
        return cls(record=index.record.changed(recall=recall, queries=len(measuring)), inverted=inverted)

    def candidates(self, queries_UD: Tensor, count: int) -> np.ndarray:
        """Return ``[U, K]`` int64 items, probably the best by inner product; -1 where fewer were found."""
        wanted = _faiss().SearchParametersIVF(nprobe=self.record.probes)
        queries = _padded(queries_UD.detach().float().cpu().numpy())
        count = min(count, self.inverted.ntotal)
        found: np.ndarray = self.inverted.search(queries, count, params=wanted)[1]
        return found

    def to_bytes(self) -> Tensor:
        """Return the lists as a tensor of bytes, for a model folder."""
        return torch.from_numpy(_faiss().serialize_index(self.inverted))

    @classmethod
    def from_bytes(cls, data: Tensor, record: IndexRecord, *, num_items: int) -> ApproxIndex:
        """Read lists whose bytes were checked against the hashes of its folder.

        Raises
        ------
        ArtifactError
            If the bytes are no lists of `num_items` items.
        MissingExtraError
            If FAISS is not installed.
        """
        faiss = _faiss()
        try:
            inverted = faiss.deserialize_index(data.numpy())
        except RuntimeError as error:
            raise ArtifactError(
                f"the index of this model cannot be read ({error}); build it again"
            ) from error
        problem = _problem_of(inverted, num_items)
        if problem:
            raise ArtifactError(f"the index of this model {problem}; build it again")
        return cls(record=record, inverted=inverted)

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


def _inverted(vectors: np.ndarray) -> Any:
    """Return the lists of vectors: assigned to the nearest centre, searched by the greatest inner product."""
    faiss = _faiss()
    items, width = vectors.shape
    lists = max(1, min(items // 4, round(_LISTS * items**0.5)))
    kind, metric = faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    nearest, most = faiss.IndexFlatL2(width), faiss.IndexFlatIP(width)
    inverted = faiss.IndexIVFScalarQuantizer(nearest, width, lists, kind, metric)
    inverted.by_residual = False
    inverted.cp.spherical, inverted.cp.niter = False, _ROUNDS
    inverted.cp.min_points_per_centroid = 1
    inverted.cp.max_points_per_centroid = _EACH
    inverted.train(vectors)
    # 8 bits divide the range that training saw: of all vectors, since the longest are the answers.
    inverted.sq.train(vectors)
    inverted.add(vectors)
    most.add(nearest.reconstruct_n(0, lists))
    inverted.quantizer = most
    # The index does not own the centres it was given; one that was read does.
    return faiss.deserialize_index(faiss.serialize_index(inverted))


def _padded(rows: np.ndarray) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % _ALIGNED)))


def _truth(vectors: Tensor, queries: Tensor) -> np.ndarray:
    most = min(10, len(vectors))
    starts = range(0, len(queries), _TRUTH_AT_ONCE)
    best = [torch.topk(queries[at : at + _TRUTH_AT_ONCE] @ vectors.T, most).indices for at in starts]
    return torch.cat(best).numpy()


def _problem_of(inverted: Any, num_items: int) -> str | None:
    """Say what is wrong with an index that was read, or None."""
    faiss = _faiss()
    if not isinstance(inverted, faiss.IndexIVFScalarQuantizer):
        return "is of another kind"
    if inverted.ntotal != num_items:
        return f"knows {inverted.ntotal} items and not {num_items}"
    width, lists = inverted.d, inverted.invlists
    centres, codes = faiss.downcast_index(inverted.quantizer), inverted.sq
    sound = (
        inverted.metric_type == faiss.METRIC_INNER_PRODUCT
        and not inverted.by_residual
        and codes.qtype == faiss.ScalarQuantizer.QT_8bit
        and codes.trained.size() == 2 * width
        and isinstance(faiss.downcast_InvertedLists(lists), faiss.ArrayInvertedLists)
        and width == codes.d == codes.code_size == inverted.code_size == lists.code_size
        and isinstance(centres, faiss.IndexFlatIP)
        and centres.d == width
        and centres.ntotal == inverted.nlist == lists.nlist
        and centres.codes.size() == 4 * width * inverted.nlist
        and _each_once(lists, num_items)
    )
    return None if sound else "has lists that are not those of the catalogue"


def _each_once(lists: Any, num_items: int) -> bool:
    """Tell whether the lists hold the items 0 to V - 1, each of them once."""
    faiss = _faiss()
    sizes = [lists.list_size(number) for number in range(lists.nlist)]
    if sum(sizes) != num_items:
        return False
    items = [faiss.rev_swig_ptr(lists.get_ids(number), size) for number, size in enumerate(sizes) if size]
    found = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *items]))
    return bool((found == np.arange(num_items)).all())
