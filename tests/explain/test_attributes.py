"""The influence of a field is what a model says of items that never had it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from regard.data.columns import Bags, Codes, Column, Numbers, Vectors
from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.explain import attributes as room
from regard.explain.attributes import attribute_influence, reads_attributes, replacing
from regard.explain.influence import leave_one_out
from regard.models.blend import Blend, BlendScorer, BlendWeights
from regard.models.causal import CausalConfig, CausalModel
from regard.models.items import ItemConfig, ItemFeatures
from regard.models.memory import ItemMemory
from regard.models.scoring import EncoderScorer
from regard.nn.fuse import Fusion
from regard.recommend.fallback import PopularityFallback

V = 8
ID, COLOUR, TAGS, PRICE, IMAGE = range(5)
KNOWN = np.array([True] * 7 + [False])
TRAINED = np.array([True] * 6 + [False, False])
HISTORY = [3, 1, 4, 1]


def columns() -> dict[str, Column]:
    draw = np.random.default_rng(0)
    return {
        "colour": Codes(code_R=np.array([2, 3, 0, 2, 4, 3, 2, 1], dtype=np.int32), size=5),
        "tags": Bags(
            offset_R1=np.array([0, 2, 2, 3, 5, 5, 6, 8, 8]),
            code_J=np.array([2, 3, 2, 2, 4, 3, 2, 3], dtype=np.int32),
            size=5,
        ),
        "price": Numbers(
            value_R=np.array([1, 2, 3, np.nan, 5, 6, 7, 8], dtype=np.float32),
            edge_B1=np.array([1, 4, 8], dtype=np.float32),
        ),
        "image": Vectors(
            value_RE=draw.normal(size=(V, 3)).astype(np.float32),
            present_R=np.array([True, False, True, True, True, True, False, True]),
        ),
    }


def network(fusion: Fusion = "attention", *, similarity: str = "dot", **changed: Column) -> CausalModel:
    """Return the same weights whatever the columns."""
    torch.manual_seed(0)
    config = CausalConfig(
        width=16, max_length=8, similarity=similarity, item_scale=1.0, items=ItemConfig(fusion=fusion)
    )
    features = ItemFeatures(columns={**columns(), **changed}, trained_V=TRAINED)
    model = CausalModel(config, num_items=V, features=features).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    return model


def missing(name: str, items: list[int]) -> dict[str, Column]:
    """Return the column without the values of some items."""
    column = columns()[name]
    gone = np.isin(np.arange(V), items)
    if isinstance(column, Codes):
        return {name: replace(column, code_R=np.where(gone, 0, column.code_R).astype(np.int32))}
    if isinstance(column, Numbers):
        return {name: replace(column, value_R=np.where(gone, np.nan, column.value_R).astype(np.float32))}
    if isinstance(column, Vectors):
        return {name: replace(column, present_R=column.present_R & ~gone)}
    count = np.diff(column.offset_R1)
    kept = np.repeat(~gone, count)
    stop = np.cumsum(np.where(gone, 0, count))
    return {name: replace(column, offset_R1=np.append(0, stop), code_J=column.code_J[kept])}


def log_probability(past: CausalModel, candidates: CausalModel, plain: CausalModel, item: int) -> float:
    """Read the history by one model, score the item by another, and all other items by a third."""
    with torch.no_grad():
        batch = PackedBatch.of(Histories.of([HISTORY]))
        state = past.encode(batch).states_TD[-1].double()
        scores = plain.item_table().double() @ state
        scores[item] = candidates.item_table()[item].double() @ state
        scores[torch.from_numpy(~KNOWN)] = -torch.inf
        return float(scores.log_softmax(0)[item])


@pytest.mark.parametrize("similarity", ["dot", "cosine"])
@pytest.mark.parametrize("fusion", ["attention", "gate", "sum"])
@pytest.mark.parametrize("item", [0, 3, 6])
def test_influence_is_measured_against_a_model_that_never_knew_the_field(
    fusion: Fusion, similarity: str, item: int
) -> None:
    plain = network(fusion, similarity=similarity)
    found = attribute_influence(EncoderScorer(plain), Histories.of([HISTORY]), item, known_V=KNOWN)
    whole = log_probability(plain, plain, plain, item)

    assert found.names == ("item_id", "colour", "tags", "price", "image")
    for place, name in enumerate(found.names[1:], start=1):
        of_item = network(fusion, similarity=similarity, **missing(name, [item]))
        if not np.isnan(found.item_F[place]):
            fall = whole - log_probability(plain, of_item, plain, item)
            assert found.item_F[place] == pytest.approx(fall, abs=2e-5)
        of_past = network(fusion, similarity=similarity, **missing(name, HISTORY))
        fall = whole - log_probability(of_past, plain, plain, item)
        assert found.history_F[place] == pytest.approx(fall, abs=2e-5)
    assert np.nanmax(np.abs(found.item_F)) > 1e-2
    assert np.nanmax(np.abs(found.history_F)) > 1e-2


def test_fields_that_an_item_does_not_have_have_no_influence() -> None:
    scorer = EncoderScorer(network())
    warm = attribute_influence(scorer, Histories.of([HISTORY]), 3, known_V=KNOWN)
    cold = attribute_influence(scorer, Histories.of([HISTORY]), 6, known_V=KNOWN)

    assert np.flatnonzero(np.isnan(warm.item_F)).tolist() == [PRICE]
    assert np.flatnonzero(np.isnan(cold.item_F)).tolist() == [ID, IMAGE]
    assert warm.item_attention_F[PRICE] == 0
    assert warm.item_attention_F.sum() == pytest.approx(1)
    assert warm.history_attention_F.sum() == pytest.approx(1)


def test_one_event_without_a_field_is_a_history_in_which_its_item_lacks_it() -> None:
    plain, item = network(), 0
    found = attribute_influence(
        EncoderScorer(plain), Histories.of([HISTORY]), item, known_V=KNOWN, events_S=[0, 2]
    )
    whole = log_probability(plain, plain, plain, item)

    for row, event in enumerate([0, 2]):  # these items are in the history once
        for place, name in enumerate(found.names[1:], start=1):
            other = network(**missing(name, [HISTORY[event]]))
            if not np.isnan(found.event_SF[row, place]):
                fall = whole - log_probability(other, plain, plain, item)
                assert found.event_SF[row, place] == pytest.approx(fall, abs=2e-5)
    assert np.isnan(found.event_SF).tolist() == [
        [False, False, False, True, False],
        [False, False, True, False, False],
    ]


def test_an_event_is_looked_at_by_itself_where_its_item_occurs_twice() -> None:
    scorer, past = EncoderScorer(network()), Histories.of([HISTORY])
    found = attribute_influence(scorer, past, 0, known_V=KNOWN, events_S=[1, 3])
    assert found.event_SF[0, COLOUR] != pytest.approx(found.event_SF[1, COLOUR], abs=1e-6)


def test_the_same_comes_out_in_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, past = EncoderScorer(network()), Histories.of([HISTORY])
    together = attribute_influence(scorer, past, 0, known_V=KNOWN, events_S=[2, 0])
    monkeypatch.setattr(room, "_EVENTS_AT_ONCE", 1)
    alone = attribute_influence(scorer, past, 0, known_V=KNOWN, events_S=[2, 0])
    np.testing.assert_allclose(together.history_F, alone.history_F, atol=1e-5)
    np.testing.assert_allclose(together.event_SF, alone.event_SF, atol=1e-5)


def test_memory_and_trend_keep_speaking_for_the_item_itself() -> None:
    memory = ItemMemory(
        item_C=torch.arange(V),
        neighbour_CK=torch.arange(V).roll(1)[:, None],
        weight_CK=torch.linspace(0.1, 1, V)[:, None],
    )
    weights = BlendWeights(model=0.5, memory=2.0, trend=0.3)
    blend = Blend(weights=weights, trend_V=torch.arange(V).float(), memory=memory)
    plain, past = network(), Histories.of([HISTORY])
    scorer = BlendScorer(plain, blend)
    found = attribute_influence(scorer, past, 0, known_V=KNOWN)

    def log_probability(history: CausalModel, candidate: CausalModel) -> float:
        batch = PackedBatch.of(past)
        with torch.no_grad():
            query = replace(scorer.query(batch), states_UD=history.encode(batch).states_TD[-1:])
            scores = scorer.score(query, 0, V)[0].double()
            moved = candidate.item_table()[0] - plain.item_table()[0]
            scores[0] += weights.model * float(moved @ query.states_UD[0])
        scores[torch.from_numpy(~KNOWN)] = -torch.inf
        return float(scores.log_softmax(0)[0])

    whole = leave_one_out(scorer, past, 0, known_V=KNOWN).log_probability
    assert log_probability(plain, plain) == pytest.approx(whole, abs=1e-5)
    of_item = whole - log_probability(plain, network(**missing("colour", [0])))
    of_past = whole - log_probability(network(**missing("colour", HISTORY)), plain)
    assert found.item_F[COLOUR] == pytest.approx(of_item, abs=2e-5)
    assert found.history_F[COLOUR] == pytest.approx(of_past, abs=2e-5)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("colour", Codes(code_R=np.array([4], dtype=np.int32), size=5)),
        ("tags", Bags(offset_R1=np.array([0, 1]), code_J=np.array([4], dtype=np.int32), size=5)),
        ("price", Numbers(value_R=np.array([6.5], np.float32), edge_B1=np.array([1, 4, 8], np.float32))),
        ("image", Vectors(value_RE=np.ones((1, 3), np.float32), present_R=np.array([True]))),
    ],
)
def test_another_value_is_read_as_if_the_item_had_it(name: str, other: Column) -> None:
    plain = network()
    changed = {name: _with_row(columns()[name], 0, other)}
    expected = log_probability(plain, network(**changed), plain, 0) - log_probability(plain, plain, plain, 0)

    found = replacing(EncoderScorer(plain), Histories.of([HISTORY]), 0, known_V=KNOWN, columns={name: other})

    assert found == pytest.approx(expected, abs=2e-5)
    assert abs(found) > 1e-3


def test_the_value_that_the_item_has_changes_nothing_and_a_missing_one_is_its_influence() -> None:
    scorer, past = EncoderScorer(network()), Histories.of([HISTORY])
    own = {"colour": Codes(code_R=np.array([2], dtype=np.int32), size=5)}
    none = {"colour": Codes(code_R=np.array([0], dtype=np.int32), size=5)}
    influence = attribute_influence(scorer, past, 0, known_V=KNOWN).item_F[COLOUR]
    assert replacing(scorer, past, 0, known_V=KNOWN, columns=own) == pytest.approx(0, abs=1e-6)
    assert replacing(scorer, past, 0, known_V=KNOWN, columns=none) == pytest.approx(-influence, abs=1e-5)


def test_measuring_leaves_the_model_as_it_was() -> None:
    model = network()
    before = {name: tensor.clone() for name, tensor in [*model.named_parameters(), *model.named_buffers()]}
    other = {"colour": Codes(code_R=np.array([4], dtype=np.int32), size=5)}
    attribute_influence(EncoderScorer(model), Histories.of([HISTORY]), 0, known_V=KNOWN, events_S=[0])
    replacing(EncoderScorer(model), Histories.of([HISTORY]), 0, known_V=KNOWN, columns=other)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        np.testing.assert_array_equal(tensor.detach().numpy(), before[name].detach().numpy())


def test_only_a_network_that_reads_attributes_can_be_asked() -> None:
    assert reads_attributes(EncoderScorer(network()))
    assert not reads_attributes(EncoderScorer(CausalModel(CausalConfig(width=8), num_items=V)))
    assert not reads_attributes(PopularityFallback(np.ones(V, dtype=np.int64)))


def _with_row(column: Column, row: int, other: Column) -> Column:
    if isinstance(column, Codes) and isinstance(other, Codes):
        code = column.code_R.copy()
        code[row] = other.code_R[0]
        return replace(column, code_R=code)
    if isinstance(column, Numbers) and isinstance(other, Numbers):
        value = column.value_R.copy()
        value[row] = other.value_R[0]
        return replace(column, value_R=value)
    if isinstance(column, Vectors) and isinstance(other, Vectors):
        vector = column.value_RE.copy()
        vector[row] = other.value_RE[0]
        return replace(column, value_RE=vector)
    assert isinstance(column, Bags)
    assert isinstance(other, Bags)
    bags = [column.code_J[a:b] for a, b in zip(column.offset_R1, column.offset_R1[1:], strict=False)]
    bags[row] = other.code_J
    return replace(
        column, offset_R1=np.append(0, np.cumsum([len(bag) for bag in bags])), code_J=np.concatenate(bags)
    )
