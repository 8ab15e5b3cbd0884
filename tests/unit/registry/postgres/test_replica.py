"""Own writes are told from others for as long as a replica may lack them, in bounded memory."""

import pytest

from idnode.registry.postgres import replica
from idnode.registry.postgres.replica import OwnWrites


@pytest.fixture
def writes(clock):
    return OwnWrites(2.0, clock)


def test_what_was_written_since_a_moment_is_left_out(writes, clock):
    writes.note([b"A"])
    clock.now = 101.0
    assert writes.before(100.0, [b"A", b"B"]) == [b"B"]
    assert writes.before(100.5, [b"A", b"B"]) == [b"A", b"B"]


def test_a_write_is_remembered_at_least_as_long_as_a_replica_may_be_behind(writes, clock):
    for started in range(100, 120, 3):
        clock.now = started + 0.5
        writes.note([b"A"])
        for later in (0.6, 1.2, 1.9):
            clock.now = started + 0.5 + later
            writes.note([b"others"])
            assert writes.before(clock.now - 2.0, [b"A"]) == []


def test_old_writes_are_forgotten(writes, clock):
    writes.note([b"A"])
    for clock.now in (102.0, 104.0):
        writes.note([b"B"])
    assert writes.before(0.0, [b"A"]) == [b"A"]


def test_beyond_its_bound_everything_counts_as_written(writes, clock, monkeypatch):
    monkeypatch.setattr(replica, "_NOTED_MAX", 3)
    writes.note([b"%d" % number for number in range(4)])
    assert writes.before(99.0, [b"other"]) == []
    clock.now = 101.0
    assert writes.before(100.5, [b"other"]) == [b"other"]
