"""A verdict is never green on data that it calls incomplete itself.

Held thresholds do not pass when Locust was the limit, arrivals are missing or too many, a face was not asked, workers
were lost or the test ended early: that has an exit code of its own, which the text says, too, and the HTML page carries
verdict and thresholds. What failed unexpectedly is no success.
"""

import subprocess
import sys
from functools import partial
from itertools import combinations

import pytest

from idnode.loadtests.report import as_text
from idnode.loadtests.verdict import ExitCode, judge

HELD, BROKEN = "p99_ms = 1000\ndropped_percent = 1", "p99_ms = 100"


@pytest.fixture
def profile(profile):
    """Return the function that makes profiles, of as many arrivals as the ledger has."""
    return partial(profile, level=10)


def text_of(profile, ledger, **said):
    verdict = judge(profile, ledger, **{"seconds": 10.0} | said)
    return verdict, as_text(profile, ledger, verdict, seconds=10.0, notes=())


def late(process):
    for _ in range(50):
        process.lag.record(0.2)


def test_31_a_limit_that_broke_nothing_is_said_and_does_not_pass(profile, ledger):
    late(ledger.process("host:1"))
    verdict, text = text_of(profile(HELD), ledger)
    assert verdict.exit_code == ExitCode.INCOMPLETE
    assert "LOCUST WAS THE LIMIT" in text
    assert "INCOMPLETE: the thresholds held" in text


def silent(ledger):
    del ledger.operations["bulk", "register batch"]


def short(ledger):
    ledger.planned["handle_udp"].planned = 40


def many(ledger):
    ledger.planned["handle_udp"].planned = 140


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (silent, "bulk was not asked at all"),
        (many, "handle_udp had 140 arrivals planned where the profile asks for 90"),
        (short, "handle_udp had 40 arrivals planned where the profile asks for 90"),
    ],
)
def test_31_a_missing_part_does_not_pass(profile, ledger, damage, said):
    damage(ledger)
    verdict, text = text_of(profile(HELD.replace("percent = 1", "percent = 5")), ledger)
    assert verdict.exit_code == ExitCode.INCOMPLETE
    assert f"INCOMPLETE: {said}" in text


def test_31_lost_workers_and_an_early_end_do_not_pass(profile, ledger):
    assert text_of(profile(HELD), ledger, lost=1)[0].exit_code == ExitCode.INCOMPLETE
    ended = judge(profile(HELD), ledger, seconds=6.0)
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert ended.missing == ("the test ended after 6.0 of 10 s",)


def test_31_dropped_arrivals_need_a_threshold_that_allows_them(profile, ledger):
    verdict, text = text_of(profile("p99_ms = 1000"), ledger)
    assert verdict.exit_code == ExitCode.INCOMPLETE
    assert "INCOMPLETE: 1 of 101 arrivals were dropped" in text


def slow_process(ledger):
    late(ledger.process("host:2"))


def busy_process(ledger):
    ledger.process("host:2").seconds = 10.0
    ledger.process("host:2").busy_seconds = 9.0


def all_dropped(ledger):
    for each in ledger.planned.values():
        each.dropped = each.planned


def nobody_resolved(ledger):
    del ledger.operations["handle_udp", "resolve"]


def unplanned(ledger):
    ledger.planned.clear()


DAMAGES = (slow_process, busy_process, silent, short, many, all_dropped, nobody_resolved, unplanned)


@pytest.mark.parametrize("damages", [*combinations(DAMAGES, 1), *combinations(DAMAGES, 2)])
def test_31_no_damage_and_no_two_of_them_pass(profile, ledger, damages):
    for damage in damages:
        damage(ledger)
    verdict, text = text_of(profile(HELD), ledger)
    assert verdict.exit_code != ExitCode.PASSED
    assert "PASSED" not in text


@pytest.mark.parametrize("seconds", [0.0, 1.0, 8.0])
def test_31_an_early_end_is_said(profile, ledger, seconds):
    verdict, text = text_of(profile(HELD), ledger, seconds=seconds)
    assert verdict.exit_code != ExitCode.PASSED
    assert f"the test ended after {seconds:.1f} of 10 s" in text


UNEXPECTED = """
from types import SimpleNamespace
from idnode.loadtests.users.node_user import NodeUser

load = SimpleNamespace(claims={}, now=1.0, over=False, in_flight=0, ledger=None, process="p")
counted = []
user = SimpleNamespace(
    _planned=1.0, _waits=False, _plan=None, load=load, ask=lambda: 1 / 0, name="x", received_bytes=0,
    _count=lambda name, count, failure, **_when: counted.append((name, failure)),
)
try:
    NodeUser.send(user)
except ZeroDivisionError:
    print(counted)
"""


def test_31_what_fails_unexpectedly_is_no_success():
    # In a process of its own: Locust changes the modules of the one that imports it.
    done = subprocess.run(
        [sys.executable, "-c", UNEXPECTED], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[('unknown', 'Unexpected')]", done.stderr
