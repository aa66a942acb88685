"""ContentKNN equals the formula on dense vectors, and finds what is alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.data.columns import Bags, Codes, Column, Numbers, Vectors
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.data.split import SplitSpec, hold_out
from regard.errors import ConfigError
from regard.evaluation.content_knn import ContentKNN

ITEMS = 30


@pytest.fixture
def columns() -> dict[str, Column]:
    draw = np.random.default_rng(0)
    bags = [np.unique(draw.integers(1, 9, draw.integers(0, 4))) for _ in range(ITEMS)]
    number = draw.normal(size=ITEMS).astype(np.float32)
    number[::7] = np.nan
    present = draw.random(ITEMS) < 0.8
    vectors = draw.normal(size=(ITEMS, 4)).astype(np.float32)
    return {
        "brand": Codes(code_R=draw.integers(0, 6, ITEMS).astype(np.int32), size=6),
        "words": Bags(
            offset_R1=np.concatenate([[0], np.cumsum([len(bag) for bag in bags])]),
            code_J=np.concatenate(bags).astype(np.int32),
            size=9,
        ),
        "price": Numbers(value_R=number, edge_B1=np.array([-1, -0.3, 0.3, 1], dtype=np.float32)),
        "text": Vectors(value_RE=np.where(present[:, None], vectors, 0), present_R=present),
    }


def _dense(columns: dict[str, Column], used: np.ndarray) -> np.ndarray:
    """Write the vectors down as the docstring says, item by item."""
    brand, words, price, text = columns.values()
    assert isinstance(brand, Codes)
    assert isinstance(words, Bags)
    assert isinstance(price, Numbers)
    assert isinstance(text, Vectors)
    blocks = [np.zeros((ITEMS, 6)), np.zeros((ITEMS, 9)), np.zeros((ITEMS, 3))]
    for item in range(ITEMS):
        blocks[0][item, brand.code_R[item]] = 1
        blocks[1][item, words.code_J[words.offset_R1[item] : words.offset_R1[item + 1]]] = 1
        value = price.value_R[item]
        if not np.isnan(value):
            blocks[2][item, 0 if value < -0.3 else 1 if value < 0.3 else 2] = 1
    for block in blocks[:2]:
        block[:, :2] = 0
    for place, block in enumerate(blocks):
        had = block[used].sum(0)
        weighted = block * np.log(used.sum() / np.maximum(had, 1))
        length = np.linalg.norm(weighted, axis=1, keepdims=True)
        rows = used & block.any(1)
        scale = np.maximum(length, 1e-12) if place == 1 else np.sqrt((length[rows] ** 2).mean())
        blocks[place] = weighted / scale
    blocks.append(text.value_RE / np.maximum(np.linalg.norm(text.value_RE, axis=1, keepdims=True), 1e-12))
    whole = np.concatenate(blocks, axis=1)
    return whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-12)


def test_scores_equal_the_dense_formula(make_dataset, columns):
    lists = [[1, 2, 3, 4], [7, 7, 9], [10], [12, 13, 14, 15, 16, 17, 18, 19, 20]]
    train = make_dataset(lists, items=ITEMS)
    scorer = ContentKNN.fit(train, columns, decay=0.6)
    query = scorer.query(PackedBatch.of(train.histories))
    whole = scorer.score(query, 0, ITEMS).numpy()

    vectors = _dense(columns, train.item_counts > 0)
    for row, items in enumerate(lists):
        mean = sum(0.6 ** (len(items) - 1 - place) * vectors[item] for place, item in enumerate(items))
        assert np.allclose(whole[row], vectors @ mean / np.linalg.norm(mean), atol=1e-5)
    parts = torch.cat([scorer.score(query, at, min(at + 7, ITEMS)) for at in range(0, ITEMS, 7)], dim=1)
    assert np.allclose(parts.numpy(), whole, atol=1e-6)
    assert scorer.described.tolist() == (np.linalg.norm(vectors, axis=1) > 0).tolist()


def test_what_training_did_not_know_is_alike_to_nothing(make_dataset):
    brand = Codes(code_R=np.array([2, 3, 1, 1, 0], dtype=np.int32), size=4)
    train = make_dataset([[0, 1]], items=5)
    scorer = ContentKNN.fit(train, {"brand": brand})
    query = scorer.query(PackedBatch.of(Histories.of([[0], [2], [4], []])))

    assert scorer.described.tolist() == [True, True, False, False, False]
    assert scorer.score(query, 0, 5).tolist() == [[1, 0, 0, 0, 0], *([[0] * 5] * 3)]


def test_validation_chooses_what_earlier_events_count(make_dataset):
    # Users change their taste once: the latest brand goes on.
    draw = np.random.default_rng(1)
    code = np.arange(80) % 8
    brand = Codes(code_R=(code + 2).astype(np.int32), size=10)
    lists = []
    for _ in range(150):
        old, new = draw.choice(8, 2, replace=False)
        picks = [draw.choice(np.flatnonzero(code == old), 5, replace=False)]
        lists.append(
            np.concatenate([*picks, draw.choice(np.flatnonzero(code == new), 3, replace=False)]).tolist()
        )
    train = make_dataset(lists, items=80)
    tuned = ContentKNN.fit(train, {"brand": brand}, tune_on=hold_out(train, SplitSpec(kind="leave-last-out")))
    assert tuned.decay < 0.9


def test_settings_that_make_no_sense_are_refused(make_dataset, columns):
    train = make_dataset([[0]], items=ITEMS)
    with pytest.raises(ConfigError, match="attributes"):
        ContentKNN.fit(train, {})
    for decay in (0.0, 1.1):
        with pytest.raises(ConfigError, match="decay"):
            ContentKNN.fit(train, columns, decay=decay)
