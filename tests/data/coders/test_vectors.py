"""Ready-made vectors: centred, scaled as one, and refused where they are ragged or not finite."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regard.data.coders.base import Place
from regard.data.coders.vectors import VectorCoder, read_vectors
from regard.data.columns import Vectors
from regard.errors import DataError, SchemaError

PLACE = Place(source="items.parquet", column="v", ids=pl.Series("item_id", ["a", "b", "c"]))
ALL = np.ones(3, dtype=bool)


def test_training_rows_have_mean_zero_and_mean_norm_one() -> None:
    value = np.random.default_rng(0).normal(5, 3, (50, 4)).astype(np.float32)
    value[40:] *= 100
    values, used = pl.Series(value, dtype=pl.Array(pl.Float32, 4)), np.arange(50) < 40
    place = Place(source="items", column="v")
    column = VectorCoder.fit(values, used_R=used, place=place).encode(values, place=place).column
    assert isinstance(column, Vectors)
    np.testing.assert_allclose(column.value_RE[:40].mean(0), 0, atol=1e-5)
    assert np.linalg.norm(column.value_RE[:40], axis=1).mean() == pytest.approx(1, abs=1e-5)


def test_a_missing_vector_is_zero_and_vectors_may_be_written_as_text() -> None:
    vectors = read_vectors(pl.Series(["[1, 2.5]", None, "3 4"]), place=PLACE)
    assert vectors.value_RE.tolist() == [[1, 2.5], [0, 0], [3, 4]]
    assert vectors.present_R.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [[1.0, 2.0], [1.0], [3.0, 4.0]],
            r"row 1 \(item_id 'b'\): the vector has 1 numbers, the others have 2",
        ),
        ([[1.0, 2.0], [1.0, 2.0], [3.0, float("nan")]], r"row 2 \(item_id 'c'\): .*no finite number"),
        ([[1.0, float("inf")], [1.0, 2.0], None], r"row 0 \(item_id 'a'\): .*no finite number"),
        ([[1.0, None], [1.0, 2.0], None], r"row 0 .*no finite number"),
        (["[1, x]", "[1, 2]", None], r"row 0 .*is no list of numbers"),
    ],
)
def test_a_bad_vector_is_named_by_row(values: list[object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        VectorCoder.fit(pl.Series(values), used_R=ALL, place=PLACE)


def test_a_later_vector_of_another_length_and_a_scalar_are_refused() -> None:
    coder = VectorCoder.fit(pl.Series([[1.0, 2.0], [3.0, 4.0], None]), used_R=ALL, place=PLACE)
    with pytest.raises(DataError, match="has 3 numbers, the others have 2"):
        coder.encode(pl.Series([[1.0, 2.0, 3.0]]), place=PLACE)
    with pytest.raises(SchemaError, match="a vector cannot be read from Float64"):
        coder.encode(pl.Series([1.0]), place=PLACE)


def test_vectors_that_only_rows_outside_training_have_stay_as_they_are() -> None:
    values = pl.Series([None, [3.0, 4.0], None], dtype=pl.List(pl.Float32))
    coder = VectorCoder.fit(values, used_R=np.array([True, False, True]), place=PLACE)
    column = coder.encode(values, place=PLACE).column
    assert isinstance(column, Vectors)
    assert column.value_RE[1].tolist() == [3, 4]


@pytest.mark.parametrize("rows", [60, 500])
def test_long_vectors_keep_the_axes_along_which_training_rows_differ(rows: int) -> None:
    rng = np.random.default_rng(0)
    inside = rng.normal(size=(rows, 8)) @ rng.normal(size=(8, 300)) + 7  # eight axes among three hundred
    values, place = pl.Series(inside.astype(np.float32)), Place(source="items", column="v")
    coder = VectorCoder.fit(values, used_R=np.ones(rows, dtype=bool), place=place)
    value = coder.encode(values, place=place).column
    assert isinstance(value, Vectors)
    assert value.value_RE.shape[1] <= 128
    before, after = inside - inside.mean(0), value.value_RE
    np.testing.assert_allclose(after @ after.T * coder.scale**2, before @ before.T, rtol=1e-3, atol=0.5)


def test_axes_survive_json_and_arrays() -> None:
    value = np.random.default_rng(0).normal(size=(40, 200)).astype(np.float32)
    values, place = pl.Series(value), Place(source="items", column="v")
    coder = VectorCoder.fit(values, used_R=np.ones(40, dtype=bool), place=place)
    again = VectorCoder.from_json(coder.to_json(), coder.arrays())
    first, second = coder.encode(values, place=place).column, again.encode(values, place=place).column
    assert isinstance(first, Vectors)
    assert isinstance(second, Vectors)
    np.testing.assert_array_equal(first.value_RE, second.value_RE)


def test_long_vectors_that_are_all_alike_say_nothing() -> None:
    values, place = pl.Series(np.ones((5, 200), dtype=np.float32)), Place(source="items", column="v")
    column = (
        VectorCoder.fit(values, used_R=np.ones(5, dtype=bool), place=place).encode(values, place=place).column
    )
    assert isinstance(column, Vectors)
    assert not column.value_RE.any()
