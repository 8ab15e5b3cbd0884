"""Latencies in logarithmic buckets, fine enough below a millisecond and small enough to send around.

Each power of two of microseconds is cut into 128 equal buckets (the layout of HdrHistogram), so a reported
percentile is at most 0.8 % above the true one, and exact to a microsecond below 0.25 ms. Locust by itself
rounds to whole milliseconds below 100 ms, where everything that a node does on a loopback happens.
"""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, Final

_SUB_BITS: Final = 7
_SUB_BUCKETS: Final = 1 << _SUB_BITS


def bucket_of(microseconds: int) -> int:
    """Return the bucket of a duration; a negative one (a clock read out of order) counts as zero."""
    if microseconds < _SUB_BUCKETS:
        return max(microseconds, 0)
    shift = microseconds.bit_length() - 1 - _SUB_BITS
    return (shift << _SUB_BITS) + (microseconds >> shift)


def bucket_top(bucket: int) -> int:
    """Return the longest duration, in whole microseconds, that falls into a bucket."""
    if bucket < 2 * _SUB_BUCKETS:
        return bucket
    shift = (bucket >> _SUB_BITS) - 1
    lead = (bucket & _SUB_BUCKETS - 1) + _SUB_BUCKETS
    return (lead + 1 << shift) - 1


def bucket_milliseconds(response_time: float) -> float:
    """Return the milliseconds under which Locust counts a response time.

    Stands in for `locust.stats.bucket_response_time`.
    """
    return bucket_top(bucket_of(int(response_time * 1000))) / 1000


class Latencies:
    """Counts how many durations fell into which bucket, and their exact sum and maximum; all in seconds."""

    __slots__ = ("count", "counts", "maximum", "total")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.count = 0
        self.total = 0.0
        self.maximum = 0.0

    def record(self, seconds: float) -> None:
        """Count one duration."""
        bucket = bucket_of(int(seconds * 1e6))
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.count += 1
        self.total += seconds
        self.maximum = max(self.maximum, seconds)

    def merge(self, other: "Latencies") -> None:
        """Count everything that another one has counted."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.count += other.count
        self.total += other.total
        self.maximum = max(self.maximum, other.maximum)

    def percentile(self, share: float) -> float:
        """Return the duration within which a share (0 < share <= 1) of all lie; 0 if there are none.

        By nearest rank: the shortest recorded duration that at least this share does not exceed, rounded up
        to the top of its bucket and never above the maximum.
        """
        rank = max(ceil(share * self.count), 1)
        passed = 0
        for bucket in sorted(self.counts):
            passed += self.counts[bucket]
            if passed >= rank:
                return min(bucket_top(bucket) / 1e6, self.maximum)
        return 0.0

    @property
    def mean(self) -> float:
        """The mean of all; 0 if there are none."""
        return self.total / self.count if self.count else 0.0

    def as_data(self) -> dict[str, Any]:
        """Return it as lists and numbers, to be sent from a worker to its master."""
        return {
            "counts": [[bucket, count] for bucket, count in self.counts.items()],
            "total": self.total,
            "maximum": self.maximum,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Latencies":
        """Return what `as_data` was made of."""
        found = cls()
        found.counts = {int(bucket): int(count) for bucket, count in data["counts"]}
        found.count = sum(found.counts.values())
        found.total = float(data["total"])
        found.maximum = float(data["maximum"])
        return found


def merged(parts: Iterable[Latencies]) -> Latencies:
    """Return one that has counted everything that the parts have."""
    found = Latencies()
    for part in parts:
        found.merge(part)
    return found
