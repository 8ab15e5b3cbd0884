"""Thresholds.

- Each compares what it names, of everything or of one face; a value equal to the asked one holds.
- Latencies are the corrected ones; a run without answers holds no threshold on them.
"""

import math

import pytest

from idnode.loadtests.ledger import Ledger
from idnode.loadtests.thresholds import check_all


@pytest.mark.parametrize(
    ("asked", "measured", "held"),
    [
        ("p50_ms = 3", 2.0, True),
        ("p50_ms = 1.5", 2.0, False),
        ("p99_ms = 600", 500.0, True),
        ("p99_ms = 400", 500.0, False),
        ("max_ms = 699", 700.0, False),
        ("failures_percent = 1", 1.0, True),
        ("failures_percent = 0.9", 1.0, False),
        ("dropped_percent = 1", 100 / 101, True),
        ("dropped_percent = 0.5", 100 / 101, False),
        ("rate_per_second = 9.9", 9.9, True),
        ("rate_per_second = 10", 9.9, False),
    ],
)
def test_a_threshold_compares_what_it_names(profile, ledger, asked, measured, held):
    (check,) = check_all(profile(asked), ledger, seconds=10.0)
    assert check.measured == pytest.approx(measured, rel=1 / 128)
    assert check.held is held
    assert check.of == "all"


def test_what_is_left_out_is_not_checked(profile, ledger):
    assert check_all(profile(""), ledger, seconds=10.0) == []


def test_a_face_has_thresholds_of_its_own(profile, ledger):
    asked = profile("p99_ms = 1000\n[thresholds_of.bulk]\np50_ms = 400\nfailures_percent = 10")
    checks = {(check.of, check.name): check for check in check_all(asked, ledger, seconds=10.0)}
    assert checks["all", "p99_ms"].held
    assert not checks["bulk", "p50_ms"].held
    assert checks["bulk", "failures_percent"].measured == 50


def test_nothing_answered_is_no_quick_answer(profile):
    (check,) = check_all(profile("p99_ms = 1000"), Ledger(), seconds=10.0)
    assert check.measured == math.inf
    assert not check.held
