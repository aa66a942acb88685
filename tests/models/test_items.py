"""An item is its id and its attributes; without a history it is its attributes alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from regard.data.columns import Bags, Codes, Numbers, Vectors
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.losses.softmax import FullSoftmax
from regard.models.causal import CausalConfig, CausalModel
from regard.models.items import ItemConfig, ItemEncoder, ItemFeatures
from regard.models.scoring import EncoderScorer

V = 6
COLUMNS = {
    "colour": Codes(code_R=np.array([2, 3, 2, 3, 0, 2], dtype=np.int32), size=4),
    "tags": Bags(
        offset_R1=np.array([0, 2, 2, 3, 3, 3, 5]), code_J=np.array([2, 3, 2, 2, 3], dtype=np.int32), size=4
    ),
    "price": Numbers(
        value_R=np.array([1, 2, np.nan, 3, np.nan, 1], dtype=np.float32),
        edge_B1=np.array([1, 2, 3], dtype=np.float32),
    ),
    "text": Vectors(
        value_RE=np.eye(5, dtype=np.float32)[[0, 1, 2, 3, 4, 4]],
        present_R=np.array([True] * 3 + [False] * 2 + [True]),
    ),
}
TRAINED = np.array([True, True, True, True, True, False])
FEATURES = ItemFeatures(columns=COLUMNS, trained_V=TRAINED)


def encoder(**settings: object) -> ItemEncoder:
    torch.manual_seed(0)
    return ItemEncoder(ItemConfig(**settings), FEATURES, 8, scale=0.1).eval()


@pytest.mark.parametrize("fusion", ["attention", "gate", "sum"])
def test_a_row_is_the_same_alone_and_in_the_table(fusion: str) -> None:
    items = encoder(fusion=fusion)

    table = items.table()

    assert table.shape == (64, 8)
    assert (table[V:] == 0).all()
    for item in range(V):
        assert torch.allclose(items(torch.tensor([item]))[0], table[item], atol=1e-6)
    assert torch.allclose(items(torch.tensor([3, 0, 3])), table[[3, 0, 3]], atol=1e-6)


def test_an_item_without_training_events_does_not_use_its_id() -> None:
    items = encoder()
    before = items.table().detach().clone()
    assert items.ids is not None
    with torch.no_grad():
        items.ids.weight.normal_()

    after = items.table()

    assert torch.equal(before[5], after[5])
    assert not torch.allclose(before[0], after[0])


def test_an_item_without_any_attribute_is_its_id_alone() -> None:
    items = encoder()
    assert items.ids is not None

    fused = items.fused(torch.tensor([4]))

    assert fused.weight_RF[0].tolist() == [1, 0, 0, 0, 0]
    assert torch.allclose(fused.y_RD[0], items.ids.weight[4])


def test_an_item_is_known_with_a_history_or_with_an_attribute() -> None:
    bare = Codes(code_R=np.array([2, 0, 2, 0], dtype=np.int32), size=3)
    features = ItemFeatures(columns={"colour": bare}, trained_V=np.array([True, True, False, False]))

    assert ItemEncoder(ItemConfig(), features, 4, scale=0.1).known_V.tolist() == [True, True, True, False]
    alone = ItemEncoder(ItemConfig(ids=False), features, 4, scale=0.1)
    assert alone.known_V.tolist() == [True, False, True, False]


def test_a_field_can_be_left_out_to_see_what_it_says() -> None:
    items = encoder()

    fused = items.fused(torch.tensor([0]), without=items.names.index("price"))

    assert fused.weight_RF[0, items.names.index("price")] == 0
    assert not torch.allclose(fused.y_RD, items(torch.tensor([0])))


def test_training_drops_fields_but_never_all_of_an_item() -> None:
    items = encoder(drop_id=0.5, drop_field=0.5).train()

    weights = items.fused(torch.arange(V).repeat(50)).weight_RF

    assert torch.allclose(weights.sum(1), torch.ones(len(weights)))
    assert 0.3 < (weights[:, 0] == 0).float().mean() < 0.7
    assert (weights[:, 1:] == 0).any(0).all()


def test_every_weight_learns_from_all_forms_of_fields() -> None:
    items = encoder()

    items.table().square().sum().backward()

    for name, weight in items.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().sum() > 0, name


def test_columns_are_data_and_not_weights() -> None:
    assert not [name for name in encoder().state_dict() if name.endswith("_V") or name.endswith("_J")]


def causal() -> CausalModel:
    torch.manual_seed(0)
    return CausalModel(CausalConfig(width=8, blocks=1, heads=1), num_items=V, features=FEATURES).eval()


def test_states_are_the_same_with_vectors_that_are_already_computed() -> None:
    model, batch = causal(), PackedBatch.of(Histories.of([[0, 5, 2], [3]]))

    assert torch.allclose(
        model.encode(batch).states_TD, model.encode(batch, model.catalogue()).states_TD, atol=1e-6
    )


def test_a_large_catalogue_is_encoded_row_by_row_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    model = causal()
    table = model.catalogue()
    monkeypatch.setattr("regard.models.items._TABLE_UP_TO", 2)

    lazy = model.catalogue()

    assert lazy.encode is not None
    assert lazy.weight_PD.shape == table.weight_PD.shape
    some = torch.tensor([4, 1])
    assert torch.allclose(lazy.rows(some), table.rows(some), atol=1e-6)
    assert torch.allclose(lazy.vectors(), table.vectors(), atol=1e-6)
    assert torch.allclose(lazy.inputs(some), table.inputs(some), atol=1e-6)
    states = torch.randn(3, 8)
    assert torch.allclose(lazy.scores(states, 1, 4), table.scores(states, 1, 4), atol=1e-6)
    with torch.no_grad():
        assert model.catalogue().encode is None


def test_the_score_of_a_new_item_does_not_depend_on_the_others() -> None:
    model, batch = causal(), PackedBatch.of(Histories.of([[0, 1, 2]]))
    scorer = EncoderScorer(model)
    query = scorer.query(batch)

    assert torch.allclose(scorer.score(query, 5, 6), scorer.score(query, 0, V)[:, 5:6], atol=1e-6)


def test_an_item_that_nobody_could_have_had_is_no_wrong_answer_in_training() -> None:
    model, batch = causal().train(), PackedBatch.of(Histories.of([[0, 1, 2]]))
    catalogue = model.catalogue()
    assert catalogue.bias_P is not None

    states = model.encode(batch, catalogue).states_TD
    FullSoftmax()(states, torch.tensor([1, 2, 3]), catalogue).total.backward()

    assert catalogue.bias_P[:V].isinf().tolist() == (~TRAINED).tolist()
    assert isinstance(model.items, ItemEncoder)
    text = model.items.fields[list(COLUMNS).index("text")].embed.weight.grad
    assert text[:, :3].abs().sum() > 0
    assert text[:, 4].abs().sum() == 0  # only the cold item has a text that says this
    assert model.eval().catalogue().bias_P is None
