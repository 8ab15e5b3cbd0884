"""How the load process is.

- Its lag is how late it was called, never negative.
- Its processor time is counted each second, and a second above the limit counts as busy.
"""

import pytest

from idnode.loadtests.ledger import Process
from idnode.loadtests.vitals import TICK_SECONDS, Vitals, processor_seconds


def run(share, *, seconds=3.0, late=0.0):
    """Return what was counted of a process that uses a share of a processor and wakes late."""
    process, now = Process(), 0.0
    vitals = Vitals(now=now, processor=0.0, busy_percent=90)
    while now < seconds:
        now += TICK_SECONDS + late
        vitals.tick(process, now=now, processor=now * share)
    return process


def test_a_process_in_time_has_no_lag():
    assert run(0.2).lag.maximum == pytest.approx(0, abs=1e-9)


def test_a_late_process_has_the_lag_by_which_it_is_late():
    assert run(0.2, late=0.05).lag.percentile(0.5) == pytest.approx(0.05, rel=0.01)


def test_a_quiet_process_is_never_busy():
    found = run(0.5)
    assert found.cpu_share == pytest.approx(0.5)
    assert found.busy_seconds == 0


def test_a_process_at_its_limit_is_busy_all_the_time():
    found = run(0.95)
    assert found.busy_seconds == pytest.approx(found.seconds)
    assert 1.9 < found.seconds < 3.2


def test_this_process_has_used_the_processor():
    assert processor_seconds() > 0
