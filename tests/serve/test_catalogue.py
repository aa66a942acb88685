"""A folder becomes what serves; items come and go; what does not fit is refused and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import ArtifactError, ConfigError, DataError
from regard.model import Model
from regard.pipeline import Pipeline
from regard.serve.catalogue import open_snapshot, with_item, without_item
from regard.serve.engine import Ask, rankings
from regard.serve.events import ItemChanges
from regard.serve.snapshot import Snapshot

NOTHING = ItemChanges(put={}, deleted=frozenset())


def everything(snapshot: Snapshot, user: str = "u1") -> list[object]:
    return rankings([Ask(snapshot=snapshot, history=snapshot.past(user, []), k=200)])[0].items


def test_a_new_item_is_recommendable_at_once_by_its_attributes(shop: Snapshot) -> None:
    put = with_item(shop, "new", {"colour": "blue", "price": 9.5, "smell": "good"})
    assert (put.new, put.recommendable, put.ignored) == (True, True, ("smell",))
    assert "new" in everything(put.snapshot)
    assert "new" not in everything(shop)


def test_a_hidden_item_is_shown_again_when_it_is_put(shop: Snapshot) -> None:
    first = everything(shop)[0]
    hidden = without_item(shop, first)  # type: ignore[arg-type]
    assert first not in everything(hidden)
    assert first in everything(with_item(hidden, first, {"colour": "red"}).snapshot)  # type: ignore[arg-type]


@pytest.mark.parametrize("attributes", [{"price": "cheap"}, {"item_id": 3}, {"price": ["a", 1]}])
def test_values_of_another_type_are_refused(shop: Snapshot, attributes: dict[str, object]) -> None:
    with pytest.raises(DataError):
        with_item(shop, "new", attributes)  # type: ignore[arg-type]


def test_a_model_that_reads_no_attributes_takes_no_items(numbered: Model, pipeline: Pipeline) -> None:
    for model in (numbered, pipeline):
        with pytest.raises(ConfigError, match="reads no attributes"):
            with_item(Snapshot(model=model, version=""), 1, {})


def test_a_folder_is_read_with_what_the_log_says_of_items(shop_folder: Path) -> None:
    changes = ItemChanges(
        put={"new": {"colour": "blue"}, "bad": {"price": "cheap"}, "other": {"colour": "red"}},
        deleted=frozenset(["i3"]),
    )
    replayed = open_snapshot(shop_folder, changes, erased={})
    listed = everything(replayed.snapshot)
    assert replayed.refused == 1
    assert {"new", "other"} <= set(listed)
    assert not {"bad", "i3"} & set(listed)


def test_a_broken_folder_and_one_with_ids_of_another_kind_are_refused(
    shop_folder: Path, shop: Snapshot, numbered: Model, tmp_path: Path
) -> None:
    numbered.save(tmp_path / "numbered")
    with pytest.raises(ArtifactError, match="the log of events would not fit"):
        open_snapshot(tmp_path / "numbered", NOTHING, erased={}, before=shop)
    with pytest.raises(ArtifactError):
        open_snapshot(tmp_path, NOTHING, erased={}, before=shop)
