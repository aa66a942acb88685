"""Items near one another."""

from __future__ import annotations

from tests.serve.living import House


def test_the_nearest_come_first_and_the_item_itself_and_hidden_ones_do_not(house: House) -> None:
    near = house.client.get("/v1/items/i1/similar", params={"k": 60}).json()["items"]
    ids = [one["item_id"] for one in near]
    assert "i1" not in ids
    assert [one["similarity"] for one in near] == sorted((one["similarity"] for one in near), reverse=True)
    house.client.delete(f"/v1/items/{ids[0]}").raise_for_status()
    assert ids[0] not in [one["item_id"] for one in house.client.get("/v1/items/i1/similar").json()["items"]]


def test_an_item_of_which_nothing_is_known_is_not_found(house: House) -> None:
    assert house.client.get("/v1/items/nothing/similar").status_code == 404


def test_an_id_may_hold_anything_that_a_path_can_carry(house: House) -> None:
    path = "/v1/items/a%2Fb%20%C3%BC"
    house.client.put(path, json={"attributes": {"colour": "red"}}).raise_for_status()
    assert "a/b ü" in house.items(user_id="u1", k=100)
    assert house.client.get(f"{path}/similar").status_code == 200
