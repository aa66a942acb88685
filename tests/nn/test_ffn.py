"""The feed-forward network treats each event by itself."""

from __future__ import annotations

import torch

from regard.nn.ffn import FeedForward


def test_an_event_does_not_see_its_neighbours() -> None:
    feed, x = FeedForward(8, expansion=2), torch.randn(5, 8)
    torch.testing.assert_close(feed(x)[3], feed(x[3:4])[0])
    assert feed.widen.weight.shape == (16, 8)


def test_without_gradients_many_events_go_through_in_pieces_and_come_out_alike() -> None:
    feed, x = FeedForward(4, expansion=2), torch.randn(5_000, 4)
    with torch.no_grad():
        pieces = feed(x)
    torch.testing.assert_close(pieces, feed(x).detach())
