"""The metrics keep these promises.

- Names and labels are those of the contract, and the linter of Prometheus finds nothing to mend.
- What faces tell comes out at the next scrape, under labels from closed lists.
- What a face may one day count stands at zero from the first scrape, so that no rate misses its first step.
- Lifetime totals go on from what was kept before.
"""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from idnode.node.ops import persistent_counters
from idnode.node.ops.counters import REASONS_MAX, SECONDS, Histogram
from idnode.node.ops.metrics import Facts, Metrics
from idnode.node.ops.outcomes import LABELS
from idnode.node.service import events
from idnode.node.service.events import OPERATIONS
from idnode.registry.register import RegisterStats

CONTRACT = {
    "idnode_registrations_total": {"face", "outcome"},
    "idnode_resolutions_total": {"face", "outcome"},
    "idnode_identifiers": {"origin"},
    "idnode_target_registrations": set(),
    "idnode_target_resolutions": set(),
    "idnode_request_seconds": {"face", "operation"},
    "idnode_batch_items": set(),
    "idnode_commit_seconds": set(),
    "idnode_write_queue_items": set(),
    "idnode_snapshot_timestamp_seconds": set(),
    "idnode_index_bytes": set(),
    "idnode_writable": set(),
    "idnode_log_bytes": {"state"},
    "idnode_connections": {"face"},
    "idnode_loop_lag_seconds": set(),
    "idnode_loop_delay_seconds": set(),
    "idnode_shed_total": {"face"},
    "idnode_build_info": {"version", "core"},
    "idnode_malformed_total": {"face", "reason"},
    "idnode_faults_total": {"face", "outcome"},
    "idnode_injected_faults_total": {"fault"},
    "idnode_dropped_total": {"face"},
    "idnode_receive_queue_bytes": {"face"},
    "idnode_receive_queue_limit_bytes": {"face"},
    "idnode_ready": set(),
    "idnode_disk_free_bytes": set(),
    "idnode_disk_size_bytes": set(),
    "idnode_memory_bytes": set(),
    "idnode_memory_limit_bytes": set(),
    "idnode_write_queue_limit_items": set(),
    "idnode_register": {"figure"},
}


def _metrics(before=None):
    facts = Facts("1.2", "python", 6.5e9, 5.3e9)
    metrics = Metrics(facts, before or {kind: {} for kind in persistent_counters.KINDS})
    metrics.read_connections("handle_tcp", lambda: metrics.face("handle_tcp").connections)
    metrics.read_queue("handle_udp", lambda: (700, 8000))
    metrics.read_disk(Path(__file__).parent)
    metrics.read_date("snapshot", "When the last one was taken.", lambda: 1.8e9)
    metrics.read_injected(lambda: {"slow": 1})
    metrics.read_register(
        lambda: RegisterStats(
            3,
            {
                "index_bytes": 99,
                "log_live_bytes": 7,
                "log_dead_bytes": 5,
                "queue_items": 2,
                "queue_limit_items": 9,
                "segments": 1,
            },
            {},
        )
    )
    return metrics


def _value(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


@pytest.fixture
def used():
    metrics = _metrics()
    face = metrics.face("handle_tcp")
    face.answered("resolve", 1, b"88.900.1", 0.00002)
    face.registered(1, b"88.900.1", 5)
    face.resolved(100, b"88.900.1", 1)
    face.malformed("envelope")
    face.opened()
    metrics.committed(0.002, 5)
    return metrics


def test_every_metric_of_the_contract_is_there_with_its_labels(used):
    text = used.render("")[0].decode()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = re.sub("_(bucket|sum|count)$", "", sample.name)
            found.setdefault(name, set()).update(set(sample.labels) - {"le"})
    own = {name: labels for name, labels in found.items() if name.startswith("idnode_")}
    assert own == CONTRACT


def test_names_are_in_base_units_and_only_counters_end_in_total(used):
    for family in text_string_to_metric_families(used.render("")[0].decode()):
        assert not re.search("_(ms|millis|kb|mb|minutes|count)$", family.name)
        assert family.name.endswith("_total") is False
        if family.type == "counter":
            assert all(sample.name.endswith(("_total", "_created")) for sample in family.samples)


def test_an_answer_is_counted_under_its_face_operation_and_duration(used):
    labels = {"face": "handle_tcp", "operation": "resolve"}
    assert _value(used, "idnode_request_seconds_count", **labels) == 1
    assert _value(used, "idnode_request_seconds_bucket", le="1e-05", **labels) == 0
    assert _value(used, "idnode_request_seconds_bucket", le="2.5e-05", **labels) == 1
    assert _value(used, "idnode_request_seconds_sum", **labels) == pytest.approx(0.00002)


def test_an_operation_outside_the_list_is_other():
    metrics = _metrics()
    metrics.face("http").answered("brew_tea", 1, b"", 0.1)
    count = _value(metrics, "idnode_request_seconds_count", face="http", operation="other")
    assert count == 1


def test_a_response_code_outside_the_list_is_other():
    metrics = _metrics()
    metrics.face("http").resolved(777, b"", 2)
    assert _value(metrics, "idnode_resolutions_total", face="http", outcome="other") == 2


def test_reasons_of_malformed_input_cannot_grow_without_bound():
    metrics = _metrics()
    face = metrics.face("handle_udp")
    for reason in range(REASONS_MAX + 10):
        face.malformed(f"reason {reason}")
    assert len(face.malformed_by_reason) == REASONS_MAX + 1
    assert _value(metrics, "idnode_malformed_total", face="handle_udp", reason="other") == 10


def test_operations_are_the_ones_that_the_service_reports():
    assert set(OPERATIONS) == set(events.OPERATIONS)


def test_a_face_that_has_done_nothing_yet_shows_its_zeros():
    metrics = _metrics()
    metrics.face("bulk")
    for outcome in LABELS:
        labels = {"face": "bulk", "outcome": outcome}
        assert _value(metrics, "idnode_registrations_total", **labels) == 0
        assert _value(metrics, "idnode_resolutions_total", **labels) == 0
    assert _value(metrics, "idnode_malformed_total", face="bulk", reason="other") == 0
    assert not any(metrics.persistent_counters()["registrations"].values())


def test_only_what_is_the_nodes_own_fault_is_a_fault():
    metrics = _metrics()
    for response_code in (1, 2, 3, 3, 4, 100, 402):
        metrics.face("bulk").answered("batch_register", response_code, b"", 0.1)
    assert _value(metrics, "idnode_faults_total", face="bulk", outcome="error") == 1
    assert _value(metrics, "idnode_faults_total", face="bulk", outcome="busy") == 2


def test_readiness_is_a_number():
    metrics = _metrics()
    assert _value(metrics, "idnode_ready") == 0
    metrics.read_ready(lambda: True)
    assert _value(metrics, "idnode_ready") == 1


def test_connections_go_up_and_down(used):
    assert _value(used, "idnode_connections", face="handle_tcp") == 1
    used.face("handle_tcp").closed()
    assert _value(used, "idnode_connections", face="handle_tcp") == 0


def test_lifetime_totals_go_on_from_what_was_kept():
    before = {"registrations": {("http", "success"): 40}, "resolutions": {("old", "success"): 2}}
    metrics = _metrics(before)
    metrics.face("http").registered(1, b"", 2)
    assert _value(metrics, "idnode_registrations_total", face="http", outcome="success") == 42
    assert _value(metrics, "idnode_resolutions_total", face="old", outcome="success") == 2


def test_registrations_are_lifted_to_what_the_log_proves_and_never_lowered():
    metrics = _metrics({"registrations": {("http", "success"): 40}, "resolutions": {}})
    metrics.lift_registrations(50)
    assert _value(metrics, "idnode_registrations_total", face="log", outcome="success") == 10
    metrics.lift_registrations(30)
    assert _value(metrics, "idnode_registrations_total", face="log", outcome="success") == 10


def test_the_exposition_comes_in_the_format_that_the_scraper_accepts(used):
    body, content_type = used.render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_a_bucket_counts_its_own_upper_bound_in():
    distribution = Histogram(SECONDS)
    distribution.add(SECONDS[0])
    distribution.add(1e9)
    counted = dict(distribution.cumulative())
    assert counted[repr(SECONDS[0])] == 1
    assert counted["10.0"] == 1
    assert counted["+Inf"] == 2
