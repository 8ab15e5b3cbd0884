"""The verdict.

- Held thresholds pass, a broken one fails; one that broke while Locust was the limit says so instead.
- Locust was the limit when a load process lacked the processor, woke late, or was lost.
- Held thresholds do not pass when Locust was the limit or a part of the load is missing: that has an exit code.
- A reader is told of dropped and of waiting arrivals, and what a closed load cannot show.
"""

from functools import partial

import pytest

from idnode.loadtests.ledger import Ledger
from idnode.loadtests.report import as_data, as_text
from idnode.loadtests.verdict import ExitCode, judge

HELD, BROKEN = "p99_ms = 1000\ndropped_percent = 1", "p99_ms = 100"


@pytest.fixture
def profile(profile):
    """Return the function that makes profiles, of as many arrivals as the ledger has."""
    return partial(profile, level=10)


def text_of(profile, ledger, **said):
    verdict = judge(profile, ledger, seconds=10.0, **said)
    return verdict, as_text(profile, ledger, verdict, seconds=10.0, notes=())


def test_held_thresholds_pass(profile, ledger):
    verdict, text = text_of(profile(HELD), ledger)
    assert verdict.exit_code == ExitCode.PASSED
    assert text.rstrip().endswith("PASSED")


def test_a_broken_threshold_fails(profile, ledger):
    verdict, text = text_of(profile(BROKEN), ledger)
    assert verdict.exit_code == ExitCode.FAILED
    assert "BROKEN  all p99_ms: 50" in text
    assert "FAILED: a threshold did not hold" in text


def test_without_a_request_nothing_was_measured(profile):
    verdict, text = text_of(profile(""), Ledger())
    assert verdict.exit_code == ExitCode.UNUSABLE
    assert "UNUSABLE" in text


def busy(process):
    process.busy_seconds = 3.0


def late(process):
    for _ in range(50):
        process.lag.record(0.2)


@pytest.mark.parametrize(
    ("trouble", "said"), [(busy, "90 % of a processor for 30 % of the time"), (late, "late at p99")]
)
def test_it_says_when_locust_was_the_limit(profile, ledger, trouble, said):
    trouble(ledger.process("host:1"))
    verdict, text = text_of(profile(BROKEN), ledger)
    assert verdict.exit_code == ExitCode.LOCUST_WAS_THE_LIMIT
    assert "LOCUST WAS THE LIMIT: load process host:1" in text
    assert said in text
    assert "says nothing about the node" in text


def test_e31_a_limit_that_broke_nothing_is_said_and_does_not_pass(profile, ledger):
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
def test_e31_a_missing_part_does_not_pass(profile, ledger, damage, said):
    damage(ledger)
    verdict, text = text_of(profile(HELD.replace("percent = 1", "percent = 5")), ledger)
    assert verdict.exit_code == ExitCode.INCOMPLETE
    assert f"INCOMPLETE: {said}" in text


def test_e31_lost_workers_and_an_early_end_do_not_pass(profile, ledger):
    assert text_of(profile(HELD), ledger, lost=1)[0].exit_code == ExitCode.INCOMPLETE
    ended = judge(profile(HELD), ledger, seconds=6.0)
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert ended.missing == ("the test ended after 6.0 of 10 s",)


def test_e31_dropped_arrivals_need_a_threshold_that_allows_them(profile, ledger):
    verdict, text = text_of(profile("p99_ms = 1000"), ledger)
    assert verdict.exit_code == ExitCode.INCOMPLETE
    assert "INCOMPLETE: 1 of 101 arrivals were dropped" in text


def test_lost_workers_are_a_reason_to_doubt(profile, ledger):
    verdict, text = text_of(profile(BROKEN), ledger, lost=1)
    assert verdict.exit_code == ExitCode.LOCUST_WAS_THE_LIMIT
    assert "1 workers were lost" in text


def test_what_was_asked_planned_sent_and_late_is_told(profile, ledger):
    said = "arrivals: 100 asked by the profile, 101 planned, 100 sent, 3 of them late"
    assert said in text_of(profile(HELD), ledger)[1]


def test_a_node_that_never_answers_is_no_broken_threshold(profile, ledger):
    ledger.operations.clear()
    for kind in ("ConnectionFailed", "TimedOut"):
        ledger.record("bulk", "resolve", corrected=5.0, uncorrected=5.0, failure=kind)
    assert text_of(profile(BROKEN), ledger)[0].exit_code == ExitCode.UNUSABLE


def test_poisson_arrivals_may_vary(profile, ledger):
    made = profile(HELD, level=10)
    load = made.load.model_copy(update={"arrivals": "poisson"})
    ledger.planned["handle_udp"].planned = 70
    verdict, _text = text_of(made.model_copy(update={"load": load}), ledger)
    assert not any("planned where" in part for part in verdict.missing)


def test_dropped_arrivals_are_told(profile, ledger):
    assert "1 of 101 arrivals were dropped" in text_of(profile(HELD), ledger)[1]


def test_waiting_arrivals_are_told(profile, ledger):
    ledger.planned["handle_udp"].dropped = 0
    assert "3 of 101 arrivals waited for a free user" in text_of(profile(HELD), ledger)[1]


def test_a_closed_load_says_what_it_cannot_show(profile, ledger):
    assert "closed and unpaced" in text_of(profile(HELD, model="closed"), ledger)[1]


def test_the_table_shows_both_latencies_of_each_operation(profile, ledger):
    lines = text_of(profile(HELD), ledger)[1].splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("bulk register batch")]
    assert lines[at].split()[3:6] == ["2", "1", "0"]
    assert "corrected" in lines[at]
    assert lines[at].endswith("700.00")
    assert lines[at + 1].split()[0] == "uncorrected"
    assert lines[at + 1].endswith("70.00")


def test_programs_get_the_same(profile, ledger):
    found = as_data(
        profile(BROKEN),
        ledger,
        judge(profile(BROKEN), ledger, seconds=10.0),
        seconds=10.0,
        faults_on=(),
    )
    assert found["exit_code"] == 1
    assert found["all"]["corrected_ms"]["max"] == pytest.approx(700)
    assert found["all"]["uncorrected_ms"]["max"] == pytest.approx(70)
    assert found["arrivals"] == {
        "asked": 100,
        "planned": 101,
        "sent": 100,
        "late": 3,
        "dropped": 1,
    }
    assert found["thresholds"][0]["held"] is False
    assert found["profile"]["name"] == "mine"
    assert [entry["face"] for entry in found["operations"]] == ["bulk", "handle_udp"]
