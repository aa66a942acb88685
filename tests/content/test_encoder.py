"""Vectors are brought to length one; what is zero stays zero."""

from __future__ import annotations

import numpy as np

from regard.content.encoder import unit


def test_vectors_have_length_one_in_float32() -> None:
    vectors = unit(np.array([[3.0, 4.0], [0.0, 0.0], [1e-30, 0.0]]))

    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1).round(3).tolist()[:2] == [1.0, 0.0]
    assert np.isfinite(vectors).all()
