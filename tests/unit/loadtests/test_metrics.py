"""Metrics of a running load test.

- Requests, arrivals, latencies of both kinds, and the load processes' own health are there, by these names.
- Histograms are cumulative, and their counts those of the ledger.
"""

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from idnode.loadtests.latency import Latencies
from idnode.loadtests.metrics import BUCKETS, Metrics, buckets_of


def scraped(ledger):
    registry = CollectorRegistry()
    registry.register(Metrics(lambda: ledger, users=lambda: 7, target=lambda: 100.0))
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }


def test_what_a_dashboard_needs_is_there(ledger):
    found = scraped(ledger)
    of_bulk = (("face", "bulk"), ("operation", "register batch"))
    assert found["idnode_load_requests_total", *of_bulk, ("outcome", "answered")] == 1
    assert found["idnode_load_requests_total", *of_bulk, ("outcome", "failed")] == 1
    assert found["idnode_load_items_total", *of_bulk] == 500
    assert found["idnode_load_arrivals_total", ("face", "handle_udp"), ("outcome", "dropped")] == 1
    assert found["idnode_load_arrivals_total", ("face", "handle_udp"), ("outcome", "sent")] == 90
    assert found["idnode_load_seconds_count", ("corrected", "yes"), *of_bulk] == 2
    assert found["idnode_load_seconds_sum", ("corrected", "no"), *of_bulk] == pytest.approx(0.12)
    assert found["idnode_load_cpu_seconds_total", ("process", "0")] == 2
    assert found["idnode_load_lag_seconds_count", ("process", "0")] == 1
    assert found[("idnode_load_users",)] == 7
    assert found[("idnode_load_target",)] == 100


def test_histograms_are_cumulative():
    found = Latencies()
    for seconds in (0.00005, 0.0002, 0.0002, 0.03, 60.0):
        found.record(seconds)
    counts = dict(buckets_of(found))
    assert [counts[bound] for bound in ("0.0001", "0.00025", "0.025", "0.05", "10.0", "+Inf")] == [
        1,
        3,
        3,
        4,
        4,
        5,
    ]
    assert list(counts)[:-1] == [repr(bound) for bound in BUCKETS]
