"""The times that an operator has to see to: each is that of what lies in the data directory now, or zero."""

import os

import pytest

from idnode.node.data_directory import KEYS, SNAPSHOTS
from idnode.node.data_watch import show_data_directory
from idnode.node.first_start.certificate import load_or_make
from idnode.node.ops.metrics import Facts, Metrics
from idnode.node.ops.persistent_counters import KINDS
from idnode.node.settings import Settings

DAY = 86_400
NOW = 1_800_000_000.0


@pytest.fixture
def shown(tmp_path):
    """Return a function that returns a metric, as a node with this data directory shows it."""
    metrics = Metrics(Facts("1", "python", 1, 1), {kind: {} for kind in KINDS})
    show_data_directory(Settings(data_dir=tmp_path), metrics)
    return lambda what: metrics.registry.get_sample_value(f"idnode_{what}_timestamp_seconds")


def test_the_end_of_the_certificate_follows_the_file(shown, tmp_path):
    assert shown("certificate_expiry") == 0
    files = load_or_make(tmp_path / KEYS, (), NOW)
    first = shown("certificate_expiry")
    assert first > NOW + 30 * DAY
    files.certificate.unlink()
    load_or_make(tmp_path / KEYS, (), NOW + 100 * DAY)
    os.utime(files.certificate, (NOW, NOW))
    assert shown("certificate_expiry") == pytest.approx(first + 100 * DAY, abs=2)
    files.certificate.write_text("no certificate")
    assert shown("certificate_expiry") == 0


def test_the_newest_snapshot_counts(shown, tmp_path):
    assert shown("snapshot") == 0
    for name, taken in (("b", NOW), ("a", NOW + 5)):
        folder = tmp_path / SNAPSHOTS / name
        folder.mkdir(parents=True)
        os.utime(folder, (taken, taken))
    assert shown("snapshot") == NOW + 5
