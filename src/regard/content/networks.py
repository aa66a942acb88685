"""Image networks from weights in a local file: EfficientNet-lite by its own package, anything else by timm.

No weights can run code: safetensors are read as they are, other files by ``torch.load(weights_only=True)``,
which refuses every pickle that holds more than tensors in plain containers. The last layer, the classifier,
is left out: what comes out is the mean over the positions of the last feature map.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import safetensors.torch
import torch
from torch import Tensor, nn

from regard.errors import ConfigError, MissingExtraError

__all__ = ["ImageNetwork", "load_network"]

LITE: Final = "efficientnet-lite"
_CLASSIFIER: Final = "_fc"  # the last layer, as the package calls it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageNetwork:
    """A network without its classifier, and the pixels that it wants.

    Parameters
    ----------
    module
        The network, which owns the weights.
    features
        ``[B, 3, size, size]`` float32 to ``[B, E]`` or, with positions, ``[B, E, height, width]``.
    size
        Height and width, in pixels.
    mean, deviation
        Of each colour, for pixels from 0 to 1.
    """

    module: nn.Module
    features: Callable[[Tensor], Tensor]
    size: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def load_network(path: Path, *, network: str, device: str) -> ImageNetwork:
    """Load a network with the weights in a file.

    Raises
    ------
    ConfigError
        If the file cannot be read without running code, or if the weights are those of another network.
    MissingExtraError
        If the package that holds the network is not installed.
    """
    weights = _read_weights(path)
    made = _lite(network) if network.startswith(LITE) else _timm(network)
    expected = made.module.state_dict()
    missing = sorted(name for name in expected if name not in weights)
    odd = sorted(name for name, value in expected.items() if weights.get(name, value).shape != value.shape)
    if missing or odd:
        raise ConfigError(
            f"{path}: holds no weights of {network} (for instance {(missing + odd)[0]!r} is missing or has "
            "another shape); set image_network to the network that they belong to"
        )
    made.module.load_state_dict({name: weights[name] for name in expected})
    made.module.to(device).eval()
    return made


def _lite(name: str) -> ImageNetwork:
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        raise MissingExtraError("efficientnet-lite-pytorch", "content") from None
    try:
        size = EfficientNet.get_image_size(name)
    except ValueError:
        raise ConfigError(f"image_network={name!r}: there are {LITE}0 to {LITE}4") from None
    module = EfficientNet.from_name(name)
    delattr(module, _CLASSIFIER)
    # The pixels that these weights were trained with: (pixel - 127) / 128.
    return ImageNetwork(
        module=module,
        features=module.extract_features,
        size=size,
        mean=(127 / 255,) * 3,
        deviation=(128 / 255,) * 3,
    )


def _timm(name: str) -> ImageNetwork:
    try:
        import timm
    except ImportError:
        raise ConfigError(
            f"image_network={name!r}: networks other than {LITE}0 to {LITE}4 need timm: pip install timm"
        ) from None
    if not timm.is_model(name):
        raise ConfigError(f"image_network={name!r}: timm {timm.__version__} has no such network")
    module = timm.create_model(name, pretrained=False, num_classes=0)
    wants = module.pretrained_cfg
    return ImageNetwork(
        module=module,
        features=module,
        size=wants["input_size"][-1],
        mean=tuple(wants["mean"]),
        deviation=tuple(wants["std"]),
    )


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)
    # A file that is no weights makes either reader raise anything.
    except Exception as error:
        raise ConfigError(
            f"{path}: cannot be read as weights without running code; save them as safetensors ({error})"
        ) from error
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise ConfigError(f"{path}: holds something else than named tensors; save them as safetensors")
    return weights
