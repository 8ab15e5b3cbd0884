"""Planned send times.

- Arrivals come at the rate of the curve from the first second on, evenly or as a Poisson process, shared among all
  users of a face: how many these are, and when they come, changes nothing.
- Whoever is free gets the next one, late or not; one that nobody takes in time is dropped and counted.
- At the end every arrival is accounted for: claimed or dropped.
- A paced user keeps its pace, and catches up after an answer that took long.
"""

from itertools import pairwise
from random import Random

import pytest

from idnode.loadtests.arrivals import Arrivals, AtOnce, Pace


def arrivals(rate=lambda _: 100.0, *, share=1.0, patience=2.0, poisson=False, duration=10.0):
    return Arrivals(
        rate,
        share=lambda: share,
        duration=duration,
        patience=patience,
        chance=Random(3),
        poisson=poisson,
    )


def claims(plan, now=0.0):
    return list(iter(lambda: plan.claim(now), None))


def gaps(times):
    return [after - before for before, after in pairwise(times)]


def test_even_arrivals_are_evenly_spaced():
    plan = arrivals()
    times = claims(plan)
    assert len(times) in {999, 1000}
    assert gaps(times) == pytest.approx([0.01] * (len(times) - 1))
    assert plan.planned == len(times)
    assert times[-1] < 10.0


def test_poisson_arrivals_have_the_same_mean_and_irregular_gaps():
    plan = arrivals(poisson=True, duration=200.0)
    times = claims(plan)
    assert len(times) == pytest.approx(20_000, rel=0.03)
    mean = sum(gaps(times)) / len(gaps(times))
    variance = sum((gap - mean) ** 2 for gap in gaps(times)) / len(gaps(times))
    assert variance**0.5 == pytest.approx(mean, rel=0.05)


def test_the_rate_follows_its_curve():
    plan = arrivals(lambda seconds: 10.0 if seconds < 5 else 100.0)
    times = claims(plan)
    assert sum(time < 5 for time in times) == pytest.approx(50, abs=2)
    assert sum(time >= 5 for time in times) == pytest.approx(500, abs=2)


def test_nothing_arrives_while_the_rate_is_nothing():
    plan = arrivals(lambda seconds: 0.0 if seconds < 8 else 10.0)
    times = claims(plan)
    assert times[0] >= 8
    assert len(times) == pytest.approx(20, abs=1)


def test_each_process_has_its_share():
    assert len(claims(arrivals(share=0.25))) == pytest.approx(250, abs=1)
    assert claims(arrivals(share=0.0)) == []


def test_whoever_comes_late_finds_the_arrivals_since_the_beginning():
    plan = arrivals(lambda _: 300.0, patience=5.0, duration=12.0)
    assert 0 <= plan.claim(3.0) < 1 / 300
    assert len(claims(plan, now=3.0)) == pytest.approx(3599, abs=1)
    assert plan.dropped == 0
    assert plan.late == pytest.approx(900, abs=2)


def test_a_late_claim_keeps_its_intended_time():
    plan = arrivals(lambda _: 1.0, patience=5.0)
    first = plan.claim(0.0)
    assert plan.claim(3.5) == pytest.approx(first + 1)
    assert plan.late == 1
    assert plan.dropped == 0


def test_arrivals_older_than_the_patience_are_dropped_and_counted():
    plan = arrivals(lambda _: 10.0, patience=1.0)
    found = plan.claim(5.0)
    assert found == pytest.approx(4.05, abs=0.06)
    assert plan.dropped == pytest.approx(40, abs=1)
    assert plan.planned == plan.dropped + 1


def test_at_the_end_every_arrival_was_claimed_or_dropped():
    plan = arrivals(lambda _: 10.0, patience=1.0)
    claimed = [plan.claim(0.0) for _ in range(30)]
    plan.finish(20.0)
    assert plan.planned == pytest.approx(100, abs=1)
    assert plan.dropped == plan.planned - len(claimed)
    assert plan.claim(20.0) is None


def test_a_test_that_ends_early_drops_only_what_was_due():
    plan = arrivals(lambda _: 10.0)
    plan.finish(2.0)
    assert plan.dropped == pytest.approx(20, abs=1)


def test_a_claim_given_back_is_not_counted():
    plan = arrivals()
    plan.claim(0.0)
    plan.unclaim()
    assert plan.planned == 0


def test_the_same_seed_gives_the_same_times():
    first, second = arrivals(poisson=True), arrivals(poisson=True)
    assert claims(first) == claims(second)


def test_a_paced_user_catches_up_after_a_slow_answer():
    plan = Pace(2.0, duration=10.0, now=0.0, chance=Random(3))
    first = plan.claim(0.0)
    assert 0 <= first < 0.5
    # One answer took three seconds: the requests of that time are still intended for theirs.
    assert [plan.claim(3.0) for _ in range(3)] == pytest.approx(
        [first + 0.5, first + 1.0, first + 1.5]
    )


def test_a_paced_user_ends_with_the_test():
    assert len(claims(Pace(2.0, duration=10.0, now=0.0, chance=Random(3)))) == 20


def test_an_unpaced_user_sends_at_once_until_the_end():
    plan = AtOnce(duration=10.0)
    assert [plan.claim(now) for now in (0.0, 9.9, 10.0)] == [0.0, 9.9, None]
