"""Health, the model, the counts."""

from __future__ import annotations

from tests.serve.living import House


def test_the_model_says_what_it_is(house: House) -> None:
    said = house.client.get("/v1/model").json()
    assert (said["kind"], said["items"], said["reads_attributes"], said["two_stage"]) == (
        "causal",
        60,
        True,
        False,
    )


def test_health_answers_and_metrics_count(house: House) -> None:
    assert house.client.get("/v1/health/live").json() == {"status": "live"}
    assert house.client.get("/v1/health/ready").json() == {"status": "ready"}
    house.send("counted", "i1")
    answer = house.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'regard_events_total{outcome="stored"}' in answer.text
    assert "counted" not in answer.text


def test_who_is_told_to_stop_is_not_ready(house: House) -> None:
    house.service.draining = True
    try:
        assert house.client.get("/v1/health/ready").status_code == 503
    finally:
        house.service.draining = False
