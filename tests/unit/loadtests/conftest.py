"""A small profile, and a ledger of known requests."""

import pytest

from idnode.loadtests.ledger import Ledger, Planned
from idnode.loadtests.profile import read_profile

PROFILE = """
title = "a test"
[load]
model = "{model}"
users = 10
[shape]
kind = "constant"
level = {level}
duration_seconds = 10
[users]
handle_udp = 90
bulk = 10
[thresholds]
{thresholds}
"""


@pytest.fixture
def profile():
    """Return a function that makes a profile with these thresholds."""

    def make(thresholds="p99_ms = 100", *, model="open", level=100):
        return read_profile(
            PROFILE.format(model=model, thresholds=thresholds, level=level), name="mine"
        )

    return make


@pytest.fixture
def ledger():
    """Return a ledger of 98 quick answers over UDP, two batches, one of them slow, one failure, one drop."""
    found = Ledger()
    for _ in range(98):
        found.record("handle_udp", "resolve", corrected=0.002, uncorrected=0.001)
    found.record("bulk", "register batch", corrected=0.5, uncorrected=0.05, items=500)
    found.record("bulk", "register batch", corrected=0.7, uncorrected=0.07, failure="TimedOut")
    found.planned["handle_udp"] = Planned(planned=91, dropped=1, late=3)
    found.planned["bulk"] = Planned(planned=10)
    process = found.process("host:1")
    process.seconds, process.cpu_seconds = 10.0, 2.0
    process.lag.record(0.001)
    return found
