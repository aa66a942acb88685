"""An index finds most of what exact search finds, says how much, and does not trust what it reads."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from regard.errors import ArtifactError, ConfigError
from regard.recommend.approx import ApproxConfig, ApproxIndex

faiss = pytest.importorskip("faiss", reason="the extra approx is not installed")
ITEMS, WIDTH = 3_000, 24


def vectors(seed: int = 0) -> Tensor:
    """Items of a low rank and of different lengths."""
    random = torch.Generator().manual_seed(seed)
    flat = torch.randn(ITEMS, 8, generator=random) @ torch.randn(8, WIDTH, generator=random)
    noise = torch.randn(ITEMS, WIDTH, generator=random)
    return (flat + 0.3 * noise) * (0.5 + torch.rand(ITEMS, 1, generator=random))


def queries(count: int = 128) -> Tensor:
    random = torch.Generator().manual_seed(9)
    return vectors()[torch.randint(0, ITEMS, (count,), generator=random)] + 0.3 * torch.randn(
        count, WIDTH, generator=random
    )


@pytest.fixture(scope="module")
def index() -> ApproxIndex:
    torch.set_num_threads(1)
    return ApproxIndex.build(vectors(), queries())


def test_the_recall_that_it_states_is_what_it_reaches(index: ApproxIndex) -> None:
    asked = vectors()[:200] + 0.1
    found = index.candidates(asked, 80)
    scores = torch.einsum("ukd,ud->uk", vectors()[torch.from_numpy(found)], asked)
    best = np.take_along_axis(found, torch.topk(scores, 10).indices.numpy(), axis=1)
    truth = torch.topk(asked @ vectors().T, 10).indices.numpy()
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(best.tolist(), truth.tolist(), strict=True)])
    assert index.record.recall is not None
    assert index.record.recall >= 0.95
    assert recall >= 0.95
    assert index.record.queries == 64


def test_the_greatest_inner_product_is_not_the_nearest_vector(index: ApproxIndex) -> None:
    asked = queries(32)
    truth = torch.topk(asked @ vectors().T, 1).indices.numpy()
    nearest = torch.cdist(asked, vectors()).argmin(1, keepdim=True).numpy()
    assert (truth != nearest).mean() > 0.3
    assert (index.candidates(asked, 10)[:, :1] == truth).mean() > 0.8


def test_a_search_reads_few_of_the_lists() -> None:
    torch.set_num_threads(1)
    random = torch.Generator().manual_seed(1)
    centres = torch.randn(100, WIDTH, generator=random)
    items = centres[torch.randint(0, 100, (20_000,), generator=random)]
    items = items + 0.3 * torch.randn(items.shape, generator=random)
    index = ApproxIndex.build(items, items[:256], ApproxConfig(recall=0.95))
    assert index.record.recall is not None
    assert index.record.recall >= 0.95
    assert index.record.probes <= index.record.lists / 8


def test_the_longest_vector_is_found_from_wherever_one_looks() -> None:
    items = vectors() / vectors().norm(dim=1, keepdim=True)
    items[7] *= 20
    asked = items[:400][items[:400] @ items[7] > 1]  # more than any other item can have
    index = ApproxIndex.build(items, asked)
    assert len(asked) > 20
    assert (index.candidates(asked, 10)[:, 0] == 7).all()


def test_it_comes_back_from_its_bytes_as_it_was(index: ApproxIndex) -> None:
    again = ApproxIndex.from_bytes(index.to_bytes(), index.record, num_items=ITEMS)
    assert np.array_equal(again.candidates(queries(), 20), index.candidates(queries(), 20))


def test_no_more_candidates_than_there_are_items(index: ApproxIndex) -> None:
    assert index.candidates(queries(2), 10 * ITEMS).shape == (2, ITEMS)


@pytest.mark.parametrize("harm", ["empty", "cut", "noise", "other kind", "item", "centre", "count"])
def test_damaged_lists_are_refused(index: ApproxIndex, harm: str) -> None:
    data, items = index.to_bytes(), ITEMS
    if harm == "empty":
        data = data[:0]
    if harm == "cut":
        data = data[: len(data) // 2].clone()
    if harm == "noise":
        data = torch.randint(0, 255, (500,), dtype=torch.uint8)
    if harm == "other kind":
        data = torch.from_numpy(faiss.serialize_index(faiss.IndexFlatIP(4)))
    if harm in ("item", "centre"):
        read = faiss.deserialize_index(data.numpy())
        if harm == "item":
            read.invlists.update_entry(0, 0, ITEMS, read.invlists.get_codes(0))
        else:
            read.quantizer = centres = faiss.IndexFlatIP(read.d)
            centres.add(np.zeros((1, read.d), dtype=np.float32))
        data = torch.from_numpy(faiss.serialize_index(read))
    if harm == "count":
        items += 1
    with pytest.raises(ArtifactError, match="build it again"):
        ApproxIndex.from_bytes(data, index.record, num_items=items)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="recall"):
        ApproxConfig(recall=1.5)
    assert ApproxConfig().wanted(10**6)
    assert not ApproxConfig().wanted(10**4)
