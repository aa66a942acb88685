"""RecTools 0.19: FlatSASRecNet of `rectools.fast_transformers`, timed only; runs in RecTools' environment.

A bare network, made to train with less overhead than SASRecModel. RecTools brings no loop for it, so here is
the plainest: its own sequences and data set, cross-entropy over all items, Adam. Its feed-forward network is
four times as wide as that of SASRecModel.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from rectools.fast_transformers import FlatSASRecNet, SequenceBatchDataset, build_sequences
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from benchmarks.peers.clock import speed_of
from benchmarks.peers.exchange import Log

__all__ = ["speed"]


def speed(job: dict[str, Any]) -> dict[str, Any]:
    """Train for a number of steps; return events per second after the warm-up."""
    torch.manual_seed(job["seed"])
    log, settings = Log.read(job["log"]), dict(job["settings"])
    batch_size = settings.pop("batch_size")
    user, item, moment = (torch.from_numpy(column) for column in (log.user, log.item, log.time))
    x, y, items, _ = build_sequences(user, item, moment, max_len=settings["session_max_len"])
    net = FlatSASRecNet(n_items=len(items), **settings).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    ends, cores, targets = [], [], []
    for batch in DataLoader(SequenceBatchDataset(x, y), batch_size=batch_size, shuffle=True):
        logits, wanted = net(batch), batch["y"] - 1  # -1: padding
        loss = cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ends.append(time.perf_counter())
        cores.append(time.process_time())
        targets.append(int((wanted >= 0).sum()))
        if len(ends) == job["steps"]:
            break
    first = job["warmup"] - 1
    return speed_of(ends[first:], cores[first:], targets[first + 1 :])
