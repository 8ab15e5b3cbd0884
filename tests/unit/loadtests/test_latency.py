"""Latencies in buckets.

- Each bucket holds what it should: at most 0.8 % below its top, to the microsecond below 0.25 ms.
- Percentiles of known data are the nearest rank, and never above the maximum.
- Merging and sending around change nothing.
- Locust's buckets tell 0.2 ms from 0.3 ms.
"""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.loadtests.latency import Latencies, bucket_milliseconds, bucket_of, bucket_top, merged


def counted(durations):
    found = Latencies()
    for seconds in durations:
        found.record(seconds)
    return found


@given(st.integers(0, 10**11))
def test_a_bucket_is_at_most_a_hundred_and_twenty_eighth_wide(microseconds):
    top = bucket_top(bucket_of(microseconds))
    assert microseconds <= top <= microseconds + microseconds / 128


@given(st.integers(0, 10**9))
def test_buckets_follow_each_other(microseconds):
    assert bucket_of(microseconds + 1) - bucket_of(microseconds) in {0, 1}
    assert bucket_of(bucket_top(bucket_of(microseconds)) + 1) == bucket_of(microseconds) + 1


def test_a_quarter_of_a_millisecond_is_counted_to_the_microsecond():
    assert [bucket_top(bucket_of(n)) for n in range(256)] == list(range(256))


def test_a_clock_that_ran_backwards_counts_as_nothing():
    assert bucket_of(-5) == 0


def test_percentiles_of_a_hundred_known_durations_are_their_nearest_ranks():
    found = counted(number / 1e6 for number in range(1, 101))
    assert [round(found.percentile(q) * 1e6) for q in (0.01, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert found.mean == pytest.approx(50.5e-6)


def test_one_slow_answer_in_a_hundred_is_at_p99_only_when_it_is_more_than_one():
    quick = [0.0001] * 99
    assert counted([*quick, 1.0]).percentile(0.99) == pytest.approx(0.0001)
    assert counted([*quick[1:], 1.0, 1.0]).percentile(0.99) == pytest.approx(1.0)


def test_no_percentile_is_above_the_maximum():
    assert counted([0.123456]).percentile(0.5) == 0.123456


def test_nothing_has_no_latency():
    assert counted([]).percentile(0.99) == 0.0
    assert counted([]).mean == 0.0


def test_percentiles_of_many_are_within_their_buckets_of_the_true_ones():
    chance = Random(7)
    durations = sorted(chance.lognormvariate(-7, 1.5) for _ in range(10_000))
    found = counted(durations)
    for share in (0.5, 0.9, 0.99, 0.999):
        true = durations[int(share * 10_000) - 1]
        assert true - 1e-6 <= found.percentile(share) <= true * (1 + 1 / 128) + 1e-6


def test_parts_merge_into_the_whole():
    durations = [0.0003, 0.002, 0.5, 1.5, 0.0003]
    whole, parts = counted(durations), merged([counted(durations[:2]), counted(durations[2:])])
    assert (parts.counts, parts.count, parts.maximum) == (whole.counts, whole.count, whole.maximum)
    assert parts.total == pytest.approx(whole.total)


def test_what_is_sent_arrives():
    found = counted([0.0003, 0.002, 0.5])
    arrived = Latencies.from_data(found.as_data())
    assert arrived.as_data() == found.as_data()
    assert arrived.count == 3


def test_locust_tells_tenths_of_a_millisecond_apart():
    assert [bucket_milliseconds(time) for time in (0.1, 0.2, 0.25)] == [0.1, 0.2, 0.25]
    assert bucket_milliseconds(12.0) == pytest.approx(12.0, rel=1 / 128)
