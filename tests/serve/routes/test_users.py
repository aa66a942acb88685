"""Users by any id that a path can carry."""

from __future__ import annotations

from tests.serve.living import House


def test_a_user_is_found_by_an_id_with_anything_in_it(house: House) -> None:
    house.send("a/b ü", "i1")
    found = house.client.get("/v1/users/a%2Fb%20%C3%BC/export").json()
    assert (found["user_id"], len(found["events"])) == ("a/b ü", 1)
    assert house.client.delete("/v1/users/a%2Fb%20%C3%BC").json()["erased"] == 1
    assert house.client.delete("/v1/users/a%2Fb%20%C3%BC").json()["erased"] == 0
