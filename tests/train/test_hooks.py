"""Progress is a bar on a terminal and plain lines elsewhere; the log is JSON lines."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from regard.train.hooks import EpochDone, JsonLines, Progress, StepDone

STEP = StepDone(epoch=1, step=2, steps=4, events=100, loss=3.25)
EPOCH = EpochDone(
    epoch=1, epochs=5, loss=3.0, validation=0.125, best=True, seconds=2.0, events_per_second=1234.0
)


def test_the_log_has_one_object_for_each_epoch(tmp_path: Path) -> None:
    for _ in range(2):
        with JsonLines(tmp_path / "log.jsonl") as log:
            log.step(STEP)
            log.epoch(EPOCH)
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["validation"] for line in lines] == [0.125, 0.125]


def test_without_a_terminal_an_epoch_is_one_plain_line() -> None:
    text = io.StringIO()
    with Progress(Console(file=text, width=200), title="search", epochs=5) as progress:
        progress.step(STEP)
        progress.epoch(EPOCH)
    assert text.getvalue() == (
        "search: epoch 1 of at most 5, loss 3.000, validation NDCG@10 0.1250 (best so far), "
        "1,234 events/s, 2.0 s\n"
    )


def test_on_a_terminal_there_is_a_bar_with_loss_and_rate() -> None:
    text = io.StringIO()
    console = Console(file=text, width=200, force_terminal=True)
    with Progress(console, title="search", epochs=5) as progress:
        progress.step(STEP)
    assert "loss 3.250" in text.getvalue()
    assert "events/s" in text.getvalue()
