"""A band cuts packed events into blocks whose bias says who sees whom."""

from __future__ import annotations

import pytest
import torch

from regard.nn.band import Band
from regard.nn.mask import Places, causal, same_user, window
from regard.nn.plan import Layout


@pytest.mark.parametrize("span", [1, 2, 32, 33, 34, 100])
@pytest.mark.parametrize("offsets", [[0, 100], [0, 1, 1, 50, 180], [0, 64, 128]], ids=str)
def test_the_bias_is_the_mask_of_every_event_and_its_block(span: int, offsets: list[int]) -> None:
    layout = Layout.of(torch.tensor(offsets))
    band = Band.of(layout.position_T, span=span)
    blocks, length, keys = band.bias_BLS.shape
    before = band.back * band.block
    full = torch.zeros(blocks * length, before + blocks * length, dtype=torch.bool)
    for number in range(blocks):
        rows = slice(number * length, (number + 1) * length)
        full[rows, number * length : number * length + keys] = band.bias_BLS[number] == 0
    events = len(layout.position_T)
    sides = (
        Places(user=layout.user_T.view(shape), position=layout.position_T.view(shape))
        for shape in ((-1, 1), (1, -1))
    )
    seen = (causal() & window(span) & same_user())(*sides)
    assert torch.equal(full[:events, before : before + events], seen)
    assert not full[:events, :before].any()
    assert not full[:events, before + events :].any()


def test_padding_behind_the_last_event_sees_itself_so_that_it_stays_finite() -> None:
    band = Band.of(torch.arange(5), span=3)
    assert (band.bias_BLS == 0).any(dim=-1).all()


def test_a_band_pays_for_long_histories_and_for_uneven_ones() -> None:
    assert Band.pays(8, 2048, 16384, span=128)
    assert not Band.pays(82, 200, 16400, span=128)
    assert Band.pays(101, 300, 1300, span=128)
