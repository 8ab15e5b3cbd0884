"""The generators' histogram tells the percentiles of what was recorded.

- A percentile is never below the true one and at most 0.8 % above it; the largest value is exact.
- Nothing recorded gives zeros.
"""

import json
import math
import random
import subprocess

import pytest
from benchmarks.native_tools import compiled

SEED = 20210625


def percentiles(values):
    done = subprocess.run(
        [compiled("udp_load"), "--selftest"],
        input="".join(f"{value}\n" for value in values),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)["latency_us"]


def exact(values, quantile):
    return sorted(values)[max(1, math.ceil(quantile * len(values))) - 1] / 1e3


@pytest.mark.parametrize(
    "draw",
    [
        lambda chance: chance.randrange(1_000),
        lambda chance: int(chance.expovariate(1 / 80_000)),
        lambda chance: int(chance.lognormvariate(11, 2)),
    ],
    ids=["below one microsecond", "exponential", "lognormal"],
)
def test_percentiles_are_at_most_one_bucket_above_the_true_ones(draw):
    chance = random.Random(SEED)
    values = [draw(chance) for _ in range(20_000)]
    found = percentiles(values)
    for name, quantile in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)):
        true = exact(values, quantile)
        assert true - 0.001 <= found[name] <= true * 1.008 + 0.001
    assert found["max"] == pytest.approx(max(values) / 1e3, abs=0.001)
    assert found["count"] == len(values)


def test_a_single_value_is_every_percentile():
    found = percentiles([1_234_567])
    assert found["p50"] == found["p99.9"] == found["max"] == pytest.approx(1234.567)


def test_nothing_recorded_gives_zeros():
    assert percentiles([]) == dict.fromkeys(
        ("count", "mean", "p50", "p90", "p99", "p99.9", "max"), 0
    )
