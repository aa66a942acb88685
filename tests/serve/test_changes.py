"""Items, users and models change while the server runs; nothing counts before it is durable."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from benchmarks.serve.servers import RedisServer
from tests.serve.living import House, beside_another, living
from tests.serve.test_watching import becomes_true

from regard.model import Model
from regard.serve.limits import Limits
from regard.serve.stores.book import open_log


def test_a_model_is_swapped_without_dropping_a_request_and_a_broken_one_is_refused(
    shop_folder: Path, coloured: Model, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(shop_folder, folder)
    with living(folder, tmp_path / "events.db") as house:
        before = house.client.get("/v1/model").json()["version"]
        stop, bad = threading.Event(), []

        def ask_on() -> None:
            while not stop.is_set():
                answer = house.recommend(user_id="u1")
                bad.extend([answer] if answer["fallback"] or len(answer["items"]) != 10 else [])

        asking = threading.Thread(target=ask_on)
        asking.start()
        weights = folder / "weights.safetensors"
        good = weights.read_bytes()
        weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        refused = house.client.post("/v1/model/reload")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
        assert str(folder) not in refused.text
        assert house.client.get("/v1/model").json()["version"] == before
        weights.write_bytes(good)
        coloured.add_items({"item_id": ["extra"], "colour": ["red"], "price": [3.0]}).model.save(folder)
        swapped = house.client.post("/v1/model/reload").json()
        stop.set()
        asking.join()
        assert swapped["version"] != before
        assert swapped["items"] == 61
        assert bad == []


def test_an_item_is_put_shown_hidden_and_put_again(house: House) -> None:
    put = house.client.put("/v1/items/kettle", json={"attributes": {"colour": "gold", "weight": 2}}).json()
    assert (put["new"], put["recommendable"], put["ignored"]) == (True, True, ["weight"])
    assert "kettle" in house.items(user_id="u1", k=100)
    assert house.client.delete("/v1/items/kettle").status_code == 204
    assert house.client.delete("/v1/items/kettle").status_code == 204
    assert "kettle" not in house.items(user_id="u1", k=100)
    house.client.put("/v1/items/kettle", json={"attributes": {"colour": "gold"}}).raise_for_status()
    assert "kettle" in house.items(user_id="u1", k=100)


@pytest.mark.parametrize(
    ("path", "attributes", "status"),
    [("bad", {"price": "cheap"}, 422), ("bad", {"price": {"a": 1}}, 422), ("bad", {"item_id": "x"}, 422)],
)
def test_attributes_that_do_not_fit_are_refused_and_not_kept(
    house: House, path: str, attributes: dict[str, object], status: int
) -> None:
    assert house.client.put(f"/v1/items/{path}", json={"attributes": attributes}).status_code == status
    assert path not in house.service.log.items().put
    assert house.client.delete("/v1/items/nothing").status_code == 404


def test_a_user_is_exported_and_erased(house: House) -> None:
    house.send("leaving", "i1", type="purchase", fields={"device": "phone"}, time="2024-01-02T03:04:05Z")
    exported = house.client.get("/v1/users/leaving/export").json()
    assert [(one["item_id"], one["time"], one["fields"]) for one in exported["events"]] == [
        ("i1", "2024-01-02T03:04:05Z", {"device": "phone"})
    ]
    assert exported["trained_on"] == []
    erased = house.client.delete("/v1/users/leaving").json()
    assert (erased["erased"], erased["in_model"]) == (1, False)
    assert house.client.get("/v1/users/leaving/export").json()["events"] == []
    assert house.recommend(user_id="leaving")["reason"] == "no_history"
    known = house.client.get("/v1/users/u3/export").json()
    assert len(known["trained_on"]) == 10
    assert house.client.delete("/v1/users/u3").json()["in_model"] is True


@pytest.mark.parametrize("memory", [0, 1 << 24])
def test_an_erased_user_is_unknown_to_the_model_too_also_after_a_restart(
    shop_folder: Path, url: str, memory: int
) -> None:
    with living(shop_folder, open_log(url), memory=memory) as house:
        known, nobody = house.recommend(user_id="u3", k=60), house.recommend(user_id="stranger", k=60)
        assert (known["reason"], nobody["reason"]) == (None, "no_history")
        house.send("u3", "i1")
        assert house.client.delete("/v1/users/u3").json()["in_model"] is True
        for asked in range(2):
            erased = house.recommend(user_id="u3", k=60)
            assert (erased["items"], erased["reason"]) == (nobody["items"], "no_history")
            house.client.put(f"/v1/items/new{asked}", json={"attributes": {"colour": "red"}})
            house.client.delete(f"/v1/items/new{asked}")
        why = house.client.post("/v1/explanations", json={"user_id": "u3", "item_id": "i5"}).json()
        assert why["explanation"] == _why(house, "stranger", "i5")
        house.client.post("/v1/model/reload").raise_for_status()
        assert house.recommend(user_id="u3", k=60)["items"] == nobody["items"]
        assert house.recommend(user_id="u4")["reason"] is None
    with living(shop_folder, open_log(url), memory=memory) as house:
        assert house.recommend(user_id="u3", k=60)["items"] == nobody["items"]
        for item in ("i1", "i2"):
            for user in ("u3", "stranger"):
                house.send(user, item, time=1_700_000_000)
        again = house.recommend(user_id="u3", k=60)
        assert again["items"] == house.recommend(user_id="stranger", k=60)["items"]
        assert again["reason"] is None


def _why(house: House, user: str, item: str) -> object:
    answer = house.client.post("/v1/explanations", json={"user_id": user, "item_id": item})
    return answer.json()["explanation"]


def test_a_user_whom_another_process_erased_is_soon_unknown_here(
    shop_folder: Path, redis_server: RedisServer
) -> None:
    with beside_another(shop_folder, redis_server) as (house, other):
        assert house.recommend(user_id="u3")["reason"] is None
        other.delete_user("u3")
        assert becomes_true(lambda: house.recommend(user_id="u3")["reason"] == "no_history")


def test_where_the_store_is_slow_nothing_of_an_erased_user_is_read_either(
    shop_folder: Path, tmp_path: Path
) -> None:
    with living(shop_folder, tmp_path / "events.db", limits=Limits(seconds=0.001)) as house:
        house.client.delete("/v1/users/u3").raise_for_status()
        house.service.serving.states.forget("u3")
        erased, nobody = house.recommend(user_id="u3", k=60), house.recommend(user_id="stranger", k=60)
        assert erased["items"] == nobody["items"]
