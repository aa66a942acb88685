"""Lists for users and bare histories, with filters, reasons and traces."""

from __future__ import annotations

from pathlib import Path

from tests.serve.living import House, living

from regard.pipeline import Pipeline


def test_filters_and_length_hold(house: House) -> None:
    allowed = [f"i{n}" for n in range(12)]
    listed = house.items(history=["i1", "i2"], k=5, allow=allowed, deny=["i3", "i4"])
    assert len(listed) == 5
    assert set(listed) <= set(allowed) - {"i1", "i2", "i3", "i4"}
    assert {"i1", "i2"} <= set(house.items(history=["i1", "i2"], k=60, exclude_seen=False))
    assert house.items(user_id="u1", allow=["nothing"]) == []
    assert house.items(user_id="u1", allow=[]) == []


def test_a_bare_history_gets_what_the_model_says_to_it(house: House) -> None:
    frame = house.service.snapshot.model.recommend(histories=[["i1", "i9"]], times=[[200, 100]])
    answer = house.recommend(history=["i1", "i9", "gone"], times=[200, 100, 300])
    assert [one["item_id"] for one in answer["items"]] == frame["item_id"].to_list()
    assert (answer["unknown_items"], answer["fallback"]) == (1, False)


def test_reasons_stand_beside_the_items(house: House) -> None:
    answer = house.recommend(user_id="u1", k=2, explain=True)
    assert answer["explained"] is True
    assert all(one["why"] for one in answer["items"])
    assert house.recommend(user_id="u1", trace=True)["trace"] == []


def test_an_explanation_says_what_each_event_does(house: House) -> None:
    first = house.items(user_id="u1")[0]
    said = house.client.post("/v1/explanations", json={"user_id": "u1", "item_id": first}).json()
    assert said["explanation"]["item_id"] == first
    assert said["explanation"]["events"]
    other = {"history": ["i1"], "item_id": first, "language": "zh"}
    assert house.client.post("/v1/explanations", json=other).json()["text"] != said["text"]
    unknown = house.client.post("/v1/explanations", json={"user_id": "u1", "item_id": "nothing"})
    assert unknown.status_code == 404


def test_a_two_stage_model_shows_its_stages(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.save(tmp_path / "model")
    with living(tmp_path / "model", tmp_path / "e.db") as house:
        answer = house.recommend(user_id="u1", k=5, trace=True)
        shown = [row["item_id"] for row in answer["trace"] if row["listed"] is not None]
        assert shown == [one["item_id"] for one in answer["items"]]
        put = house.client.put("/v1/items/new", json={"attributes": {"colour": "red"}})
        assert (put.status_code, put.json()["error"]["code"]) == (409, "conflict")
