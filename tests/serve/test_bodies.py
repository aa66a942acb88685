"""From bytes to strict models: mistakes are named by their place, and nothing of what was sent is repeated."""

from __future__ import annotations

import pytest
from tests.serve.living import House

from regard.serve.bodies import answer, id_of, model_of
from regard.serve.problems import Problem
from regard.serve.wire import EventsIn, RecommendIn


def test_a_mistake_is_named_by_its_place_without_the_value() -> None:
    event = {"event_id": "e", "user_id": "ann", "item_id": {"secret": 1}}
    with pytest.raises(Problem) as caught:
        model_of(EventsIn, {"events": [event]})
    assert caught.value.status == 422
    assert "events.0.item_id" in caught.value.message
    assert "secret" not in caught.value.message


def test_many_mistakes_are_counted() -> None:
    with pytest.raises(Problem, match="more"):
        model_of(RecommendIn, dict.fromkeys("abcdefgh", 1))


@pytest.mark.parametrize("text", ["", "x" * 257, "a\nb", "\x00"])
def test_an_id_of_a_path_is_checked_like_one_of_a_body(text: str) -> None:
    with pytest.raises(Problem):
        id_of(text)
    assert id_of("a/b c") == "a/b c"


def test_an_answer_is_json() -> None:
    made = answer({"a": 1}, status=201)
    assert (made.body, made.status_code, made.media_type) == (b'{"a":1}', 201, "application/json")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"user_id": "a", "user_id": "b"}', 400),
        (b'{"user_id": NaN}', 400),
        (b"[" * 7 + b"]" * 7, 400),
        (b"3", 422),
        (b"{}", 422),
        (b'{"user_id": "' + b"x" * (1 << 20) + b'"}', 413),
    ],
)
def test_what_is_wrong_with_a_body_is_told_by_the_status(house: House, body: bytes, status: int) -> None:
    answer = house.client.post(
        "/v1/recommendations", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
