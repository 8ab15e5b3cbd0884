"""Curves of load.

- Each kind has the levels that its keys say, at the times they say.
- The area under a curve is the number of arrivals to expect, and the peak its highest level.
"""

import pytest
from pydantic import TypeAdapter, ValidationError

from idnode.loadtests.curves import DAY_PARTS, Curve, area_of, peak_of


def curve(**keys):
    return TypeAdapter(Curve).validate_python(keys)


CONSTANT = curve(kind="constant", level=200, duration_seconds=20)
STEPS = curve(kind="steps", levels=(10, 20, 40), step_seconds=5)
SPIKE = curve(kind="spike", base=10, peak=100, before_seconds=10, peak_seconds=5, after_seconds=15)
SOAK = curve(kind="soak", level=100, ramp_seconds=10, duration_seconds=100)
DAY = curve(kind="day", peak=100, day_seconds=24, days=2)


def levels(found, *times):
    return [found.level_at(time) for time in times]


def test_constant_is_constant():
    assert levels(CONSTANT, 0, 10, 19.9) == [200, 200, 200]
    assert CONSTANT.duration == 20


def test_steps_climb_at_their_times():
    assert levels(STEPS, 0, 4.9, 5, 10, 14.9) == [10, 10, 20, 40, 40]
    assert STEPS.duration == 15


def test_a_spike_begins_and_ends_at_once():
    assert levels(SPIKE, 0, 9.9, 10, 14.9, 15, 29) == [10, 10, 100, 100, 10, 10]
    assert SPIKE.duration == 30


def test_a_soak_climbs_straight_and_stays():
    assert levels(SOAK, 0, 5, 10, 99) == [0, 50, 100, 100]
    assert SOAK.duration == 100


def test_a_day_has_its_hours_and_the_next_one_the_same():
    assert levels(DAY, 9, 9 + 24) == [100 * DAY_PARTS[9]] * 2
    assert DAY.level_at(9.5) == pytest.approx(50 * (DAY_PARTS[9] + DAY_PARTS[10]))
    assert DAY.level_at(23.5) == pytest.approx(50 * (DAY_PARTS[23] + DAY_PARTS[0]))
    assert len(DAY_PARTS) == 24
    assert max(DAY_PARTS) == 1


@pytest.mark.parametrize(
    ("found", "area"), [(CONSTANT, 4000), (STEPS, 350), (SPIKE, 750), (SOAK, 9500)]
)
def test_the_area_is_what_arrives(found, area):
    assert area_of(found) == pytest.approx(area, rel=1e-3)


@pytest.mark.parametrize(
    ("found", "peak"), [(CONSTANT, 200), (STEPS, 40), (SPIKE, 100), (SOAK, 100), (DAY, 100)]
)
def test_the_peak_is_the_highest_level(found, peak):
    assert peak_of(found) == pytest.approx(peak, rel=0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "steps", "levels": (), "step_seconds": 5},
        {"kind": "constant", "level": -1, "duration_seconds": 5},
        {"kind": "soak", "level": 1, "ramp_seconds": 0, "duration_seconds": 5},
    ],
)
def test_what_makes_no_curve_is_refused(wrong):
    with pytest.raises(ValidationError):
        curve(**wrong)


@pytest.mark.parametrize("curve", [CONSTANT, STEPS, SPIKE, SOAK, DAY], ids=lambda curve: curve.kind)
def test_a_curve_can_last_longer_and_keeps_its_form(curve):
    longer = curve.lasting(curve.duration * 3)
    assert longer.duration == pytest.approx(curve.duration * 3)
    for part in (0.1, 0.45, 0.8):
        before = curve.level_at(curve.duration * part)
        assert longer.level_at(longer.duration * part) == pytest.approx(before)
