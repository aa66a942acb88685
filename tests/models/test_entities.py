"""Entities: known, unseen and unknown numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from regard.data.columns import Codes
from regard.models.entities import Entities, RequestFields
from regard.models.items import ItemConfig, ItemFeatures
from regard.models.protocols import Candidates

TRAINED = np.array([True, True, False, False])
BRAND = Codes(code_R=np.array([2, 3, 2, 0], dtype=np.int32), size=4)


def made(*, described: bool = False, drop_id: float = 0.0) -> Entities:
    torch.manual_seed(0)
    features = ItemFeatures(columns={"brand": BRAND} if described else {}, trained_V=TRAINED)
    return Entities(ItemConfig(drop_id=drop_id, drop_field=0.0), features, 4, scale=1.0)


def test_without_attributes_an_untrained_number_is_an_unknown_one() -> None:
    vectors = made().eval()(torch.tensor([0, 1, 2, -1]))
    assert torch.equal(vectors[2], vectors[3])
    assert not torch.equal(vectors[0], vectors[1])


def test_with_attributes_an_untrained_number_has_a_vector_and_one_without_any_is_unknown() -> None:
    vectors = made(described=True).eval()(torch.tensor([2, 3, -1]))
    assert torch.equal(vectors[1], vectors[2])
    assert not torch.equal(vectors[0], vectors[2])


def test_training_teaches_the_unknown_vector() -> None:
    entities = made(drop_id=0.5).train()
    entities(torch.zeros(200, dtype=torch.int64)).sum().backward()
    assert 60 < float(entities.unknown.grad[0]) < 140


def test_a_table_of_all_gives_the_same_vectors_as_rows() -> None:
    entities = made(described=True).eval()
    few, many = torch.tensor([1, 2, 0]), torch.tensor([1, 2, 0] * 3)
    torch.testing.assert_close(entities(many)[:3], entities(few))


def test_there_may_be_none() -> None:
    empty = Entities(ItemConfig(), ItemFeatures(trained_V=np.zeros(0, dtype=bool)), 4, scale=1.0).eval()
    assert torch.equal(empty(torch.tensor([-1]))[0], empty.unknown)
    assert empty(torch.empty(0, dtype=torch.int64)).shape == (0, 4)


def test_another_fusion_may_be_given() -> None:
    entities = made(described=True).eval()
    number = torch.tensor([0, 1])
    plain = entities.vectors.fuse
    torch.testing.assert_close(entities(number, plain), entities(number))
    turned = entities(number, lambda values, present: plain([-value for value in values], present))
    assert not torch.allclose(turned, entities(number))


def test_a_missing_field_of_a_request_adds_nothing() -> None:
    fields = RequestFields({"brand": BRAND}, 4, scale=1.0).eval()
    asked = replace(Candidates.of([[7, 7, 7, 7]]), fields={"brand": BRAND})
    vectors = fields(asked)
    assert torch.equal(vectors[0], vectors[2])
    assert torch.equal(vectors[3], torch.zeros(4))
