"""Small catalogues get the full softmax, large ones the sampled one."""

from __future__ import annotations

import numpy as np
import pytest

from regard.errors import ConfigError
from regard.losses.choose import LossConfig, make_loss
from regard.losses.sampled import SampledSoftmax
from regard.losses.softmax import FullSoftmax


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (LossConfig(), FullSoftmax),
        (LossConfig(full_up_to=9), SampledSoftmax),
        (LossConfig(kind="sampled"), SampledSoftmax),
        (LossConfig(kind="full", full_up_to=9), FullSoftmax),
    ],
)
def test_the_size_of_the_catalogue_decides_unless_told(config: LossConfig, kind: type) -> None:
    assert isinstance(make_loss(config, np.ones(10)), kind)


def test_a_loss_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"LossConfig\.kind = 'hinge'"):
        LossConfig(kind="hinge")  # type: ignore[arg-type]
