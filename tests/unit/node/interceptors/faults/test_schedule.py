"""A fault strikes when its conditions say so, and one seed gives one sequence."""

from random import Random

import pytest
from pydantic import ValidationError

from idnode.node.interceptors.faults.schedule import Schedule, When


def sequence(when, count=12, *, seed=7, seconds=0.0):
    schedule = Schedule(When(**when), Random(seed), 0.0)
    return [schedule.strikes(number * seconds) for number in range(count)]


def struck(when, **more):
    return [number for number, strikes in enumerate(sequence(when, **more), 1) if strikes]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, list(range(1, 13))),
        ({"next": 2}, [1, 2]),
        ({"every": 5}, [5, 10]),
        ({"skip": 10}, [11, 12]),
        ({"skip": 2, "next": 1}, [3]),
        ({"quota": 3, "every": 2}, [2, 4, 6]),
        ({"probability": 0}, []),
        ({"probability": 1, "max_consecutive": 2}, [1, 2, 4, 5, 7, 8, 10, 11]),
    ],
)
def test_conditions_on_numbers(when, expected):
    assert struck(when) == expected


def test_conditions_on_time():
    assert struck({"after": 3.0}, seconds=1.0) == list(range(4, 13))
    assert struck({"after": 3.0, "during": 2.0}, seconds=1.0) == [4, 5]


def test_a_ramp_rises_from_nothing():
    rising = struck({"probability": 1.0, "ramp": 600.0}, count=1_000, seconds=1.0)
    first, second = (sum(low < at <= low + 200 for at in rising) for low in (0, 400))
    assert first < second
    assert all(at in set(rising) for at in range(602, 1_001))


def test_one_seed_gives_one_sequence_and_another_another():
    when = {"probability": 0.4, "max_consecutive": 3}
    assert sequence(when, 200) == sequence(when, 200)
    assert sequence(when, 200) != sequence(when, 200, seed=8)
    # Further conditions draw no more numbers: what is left is a part of the same sequence.
    assert set(struck({"probability": 0.4, "skip": 50}, count=200)) <= set(
        struck({"probability": 0.4}, count=200)
    )


def test_what_goes_with_a_probability_needs_one():
    with pytest.raises(ValidationError):
        When(max_consecutive=2)
