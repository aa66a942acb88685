"""MMR and DPP against their definitions, computed the slow way."""

from __future__ import annotations

import numpy as np
import pytest

from regard.recommend.rules.base import Moved
from regard.recommend.rules.diversity import Diversity, DppTerm, Likeness, MmrTerm
from regard.recommend.rules.fill import fill


def _vectors(seed: int, count: int = 9, width: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width))


def _kernel(vectors: np.ndarray) -> np.ndarray:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return (1 + unit @ unit.T) / 2


def _asked(asking, vectors: np.ndarray):
    return asking({"x": ["a"] * len(vectors)}, vectors_VD=vectors)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("theta", [0.2, 0.5, 0.9])
def test_the_dpp_chooses_as_determinants_do(asking, seed: int, theta: float) -> None:
    vectors = _vectors(seed)
    asked = _asked(asking, vectors)
    # Chen et al., equation 9: L = diag(e^(alpha r)) S diag(e^(alpha r)), alpha = theta / 2 (1 - theta)
    scale = np.exp(theta / (2 * (1 - theta)) * asked.relevance_C)
    kernel = scale[:, None] * _kernel(vectors) * scale
    chosen: list[int] = []
    for _ in range(6):
        rest = [one for one in range(9) if one not in chosen]
        chosen.append(
            max(rest, key=lambda one: np.linalg.det(kernel[np.ix_([*chosen, one], [*chosen, one])]))
        )
    rule = Diversity(method="dpp", strength=1 - theta)
    assert fill(asked, [rule.effect(asked)], k=6).chosen == chosen


def test_the_gain_is_that_of_the_determinant_also_where_the_list_spans_an_item() -> None:
    vectors = _vectors(1)
    vectors[7] = 3 * vectors[0]
    term, kernel, chosen = DppTerm(Likeness.of(vectors)), _kernel(vectors), [0, 3, 5]
    for one in chosen:
        term.take(one)
    for one in (1, 2, 4, 6, 8):
        grown = np.linalg.slogdet(kernel[np.ix_([*chosen, one], [*chosen, one])])[1]
        assert term.bonus()[one] == pytest.approx(
            grown - np.linalg.slogdet(kernel[np.ix_(chosen, chosen)])[1]
        )
    assert term.bonus()[7] == pytest.approx(np.log(1e-10))
    term.take(7)
    assert np.isfinite(term.bonus()).all()


@pytest.mark.parametrize("seed", range(5))
def test_mmr_chooses_by_relevance_less_the_largest_likeness(asking, seed: int) -> None:
    vectors = _vectors(seed)
    asked, kernel, weight, chosen = _asked(asking, vectors), _kernel(vectors), 0.6, [0]
    while len(chosen) < 6:
        rest = [one for one in range(9) if one not in chosen]
        chosen.append(
            max(
                rest,
                key=lambda one: weight * asked.relevance_C[one] - (1 - weight) * kernel[one, chosen].max(),
            )
        )
    rule = Diversity(method="mmr", strength=1 - weight)
    assert fill(asked, [rule.effect(asked)], k=6).chosen == chosen


@pytest.mark.parametrize("method", ["mmr", "dpp"])
def test_strength_0_that_is_lambda_1_leaves_the_order(asking, method: str) -> None:
    asked = _asked(asking, _vectors(3))
    assert fill(asked, [Diversity(method=method, strength=0).effect(asked)], k=9).chosen == list(range(9))


@pytest.mark.parametrize("method", ["mmr", "dpp"])
def test_an_attribute_can_say_what_is_alike(asking, method: str) -> None:
    asked = asking({"genre": ["War", "War", "War", "Drama", None]})
    rule = Diversity(method=method, strength=0.9, over="genre")
    before, after = fill(asked, [], k=3), fill(asked, [effect := rule.effect(asked)], k=3)
    assert after.chosen == [0, 3, 4]
    assert rule.label == "diversity genre"
    said = [effect.why(Moved(asked=asked, candidate=one, before=before, after=after)) for one in (1, 3, 0)]
    assert said == [
        "it is like '0' at 1 (likeness 1.00)",
        "unlike what stands before it, the nearest is '0' at 1 (likeness 0.50)",
        None,
    ]


def test_an_item_without_a_vector_is_like_itself_alone() -> None:
    likeness = Likeness.of(np.zeros((2, 4)))
    assert likeness.row(1).tolist() == [0.5, 1.0]
    assert MmrTerm(likeness).bonus().tolist() == [0, 0]
