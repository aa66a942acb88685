"""At each position the next item is asked for; no target is part of what its input sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from regard.data.histories import Histories
from regard.data.packing import PackedBatch
from regard.losses.targets import next_item


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_inputs_and_targets_are_the_same_history_one_event_apart(lengths: list[int]) -> None:
    rows = [list(range(100 * row, 100 * row + length)) for row, length in enumerate(lengths)]
    asked = next_item(PackedBatch.of(Histories.of(rows)))
    assert asked.inputs.item_T.tolist() == [item for row in rows for item in row[:-1]]
    assert asked.target_T.tolist() == [item for row in rows for item in row[1:]]
    assert asked.inputs.lengths.tolist() == [max(0, length - 1) for length in lengths]


def test_times_and_fields_stay_with_their_events() -> None:
    batch = PackedBatch(
        item_T=torch.tensor([1, 2, 3]),
        time_T=torch.tensor([10, 20, 30]),
        offsets=torch.tensor([0, 3]),
        user_U=torch.tensor([0]),
        fields={"weight": torch.tensor([0.1, 0.2, 0.3])},
    )
    inputs = next_item(batch).inputs
    assert inputs.time_T.tolist() == [10, 20]
    torch.testing.assert_close(inputs.fields["weight"], torch.tensor([0.1, 0.2]))


def test_parts_keep_targets_with_their_inputs() -> None:
    rows = [[1, 2, 3], [4, 5], [], [6], [7, 8, 9, 10]]
    whole = next_item(PackedBatch.of(Histories.of(rows)))
    parts = list(whole.parts(3))
    assert len(parts) > 1
    assert torch.cat([part.inputs.item_T for part in parts]).tolist() == whole.inputs.item_T.tolist()
    assert torch.cat([part.target_T for part in parts]).tolist() == whole.target_T.tolist()
    assert all(len(part.target_T) == part.inputs.num_events for part in parts)


def test_events_that_are_not_asked_for_stay_in_the_inputs() -> None:
    histories = Histories.of([[1, 2, 3, 4], [5, 6]])
    kind = {"event_type": np.array([0, 1, 0, 1, 1, -1], dtype=np.int32)}
    batch = PackedBatch.of(replace(histories, fields=kind))
    whole = next_item(batch, weight_Y1=torch.tensor([0.0, 0.5, 0.0]))
    assert whole.inputs.item_T.tolist() == [1, 2, 3, 5]
    assert whole.weight_T is not None
    assert whole.weight_T.tolist() == [0.5, 0.0, 0.5, 0.0]  # an unknown type is not asked for
    assert whole.count == 1.0
    asked = whole.asked(torch.arange(4)[:, None])
    assert (asked.states_MD[:, 0].tolist(), asked.target_M.tolist()) == ([0, 2], [2, 4])
    assert asked.weight_M is not None
    assert [part.count for part in whole.parts(3)] == [1.0, 0.0]
