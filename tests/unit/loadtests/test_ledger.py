"""The ledger.

- Each request is counted once, with both of its latencies, and failures by kind.
- What two processes have counted adds up, also after it was sent as msgpack from one to the other.
"""

import msgpack
import pytest

from idnode.loadtests.ledger import Ledger


def test_everything_adds_up_over_operations(ledger):
    everything = ledger.sum()
    assert (everything.requests, everything.failed, everything.items) == (100, 1, 598)
    assert everything.failures == {"TimedOut": 1}
    assert ledger.sum("bulk").requests == 2
    assert ledger.faces() == ["handle_udp", "bulk"]


def test_both_latencies_are_kept_apart(ledger):
    found = ledger.sum("bulk")
    assert found.corrected.maximum == 0.7
    assert found.uncorrected.maximum == 0.07


def test_arrivals_add_up_over_faces(ledger):
    found = ledger.arrivals()
    assert (found.planned, found.dropped, found.late) == (101, 1, 3)


def test_what_a_worker_sends_adds_to_what_the_master_has(ledger):
    sent = msgpack.unpackb(msgpack.packb(ledger.as_data()), strict_map_key=False)
    master = Ledger()
    for _ in range(2):
        master.absorb(Ledger.from_data(sent))
    assert master.sum().requests == 200
    assert master.sum().failures == {"TimedOut": 2}
    assert master.sum().corrected.percentile(1.0) == 0.7
    assert master.arrivals().dropped == 2
    assert master.process("host:1").cpu_share == pytest.approx(0.2)
    assert master.lag().count == 2


def test_a_cleared_ledger_is_empty(ledger):
    ledger.clear()
    assert ledger.as_data() == Ledger().as_data()
