"""The type of matrix products."""

from __future__ import annotations

import os

import pytest
import torch

from regard.nn.precision import keep_few_kernels, product_type


def test_what_is_asked_for_is_taken() -> None:
    assert product_type("float32", "cpu") == torch.float32
    assert product_type("bfloat16", "cpu") == torch.bfloat16


def test_by_itself_bfloat16_is_taken_where_the_processor_multiplies_it() -> None:
    native = torch.cpu.get_capabilities().get("avx512_bf16", False)
    assert product_type("auto", "cpu") == (torch.bfloat16 if native else torch.float32)


def test_the_cache_of_kernels_is_limited_unless_somebody_has_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    keep_few_kernels()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "64"
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "7")
    keep_few_kernels()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "7"
