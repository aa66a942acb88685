"""The text of Prometheus: families, labels, histograms that add up."""

from __future__ import annotations

from regard.serve.counters import Counters


def test_a_histogram_is_cumulative_and_ends_with_all() -> None:
    counters = Counters()
    for seconds in (0.0005, 0.003, 0.003, 60.0):
        counters.request("/v1/events", 200, seconds)
    lines = counters.text({}).splitlines()
    buckets = [int(line.rpartition(" ")[2]) for line in lines if "_bucket{" in line]
    assert buckets == sorted(buckets)
    assert (buckets[0], buckets[-1]) == (1, 4)
    assert 'regard_requests_total{path="/v1/events",status="200"} 4' in lines
    assert 'regard_request_seconds_sum{path="/v1/events"} 60.006500' in lines


def test_every_line_is_a_comment_or_a_name_and_a_number() -> None:
    counters = Counters()
    counters.add("regard_fallbacks_total", "reason", "slow")
    text = counters.text({"regard_items": 12.0})
    assert text.endswith("\n")
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        assert line.startswith("# ") or (name.startswith("regard_") and float(value) >= 0)
