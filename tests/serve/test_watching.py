"""A model folder that changes, and items that another process changes, are served without being told."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.serve.servers import RedisServer
from tests.serve.living import beside_another, living

from regard.model import Model


def becomes_true(said: Callable[[], bool], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if said():
            return True
        time.sleep(0.05)
    return False


def test_a_new_folder_is_swapped_in_and_a_broken_one_is_tried_once(
    shop_folder: Path, coloured: Model, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(shop_folder, folder)
    with living(folder, tmp_path / "events.db", watch=0.05) as house:
        first = house.client.get("/v1/model").json()
        coloured.add_items({"item_id": ["extra"], "colour": ["red"], "price": [3.0]}).model.save(folder)
        assert becomes_true(lambda: house.client.get("/v1/model").json()["items"] == first["items"] + 1)
        manifest = folder / "manifest.json"
        good = manifest.read_bytes()
        broken = tmp_path / "broken.json"
        broken.write_bytes(good[:-2])
        broken.replace(manifest)  # at once: a file that is half written would be a broken one of its own
        assert becomes_true(lambda: 'outcome="refused"} 1' in house.client.get("/metrics").text)
        time.sleep(0.3)
        assert 'outcome="refused"} 1' in house.client.get("/metrics").text
        assert house.recommend(user_id="u1")["fallback"] is False


def test_what_another_process_says_about_an_item_is_served(
    shop_folder: Path, redis_server: RedisServer
) -> None:
    with beside_another(shop_folder, redis_server) as (house, other):
        assert "kettle" not in house.items(user_id="u1", k=100)
        other.put_item("kettle", {"colour": "gold"})
        assert becomes_true(lambda: "kettle" in house.items(user_id="u1", k=100))
        other.delete_item("kettle")
        assert becomes_true(lambda: "kettle" not in house.items(user_id="u1", k=100))
