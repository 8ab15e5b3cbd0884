"""Plain counters for the path of a request; nothing here knows Prometheus.

One event costs a dict look-up, a bisection and two or three additions. Labels, names and sums are made
when somebody reads the counters (`node/ops/metrics.py`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

from idnode.node.service.events import OPERATIONS

SECONDS: Final = (
    *(1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3),
    *(1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Upper bounds of duration buckets, from 10 microseconds: a look-up in memory takes about that."""

ITEMS: Final = (1.0, 10.0, 100.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0)
"""Upper bounds of batch size buckets, up to the largest submission the register takes."""

REASONS_MAX: Final = 32
"""Most reasons told apart by the malformed counter of one face; the rest is `other`."""

OTHER_REASON: Final = "other"

FAULTS: Final = {2: "error", 3: "busy"}
"""Response codes that are the node's own fault, and their labels; every other code is an answer."""


class Histogram:
    """Counts under upper bounds, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, amount: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self.bounds, amount)] += 1
        self.total += amount

    def cumulative(self) -> Iterable[tuple[str, float]]:
        """Yield upper bound as text and how many observations lie at or below it, `+Inf` last."""
        running = 0
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            running += count
            yield ("+Inf" if bound == float("inf") else repr(bound)), float(running)


class FaceCounters:
    """Counts what happened at one face; fulfils the observer that faces report to."""

    __slots__ = (
        "connections",
        "datagrams_dropped",
        "faults",
        "malformed_by_reason",
        "name",
        "registrations",
        "resolutions",
        "timings",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.registrations: dict[int, int] = {1: 0}
        self.resolutions: dict[int, int] = {1: 0}
        self.timings = {operation: Histogram(SECONDS) for operation in OPERATIONS}
        self.faults = dict.fromkeys(FAULTS.values(), 0)
        self.malformed_by_reason: dict[str, int] = {}
        self.connections = 0
        self.datagrams_dropped = 0

    def answered(self, operation: str, response_code: int, prefix: bytes, seconds: float) -> None:
        """Count one answered request and how long it took."""
        del prefix
        if 1 < response_code < 4:  # the codes of `FAULTS`, told apart quickly
            self.faults[FAULTS[response_code]] += 1
        timing = self.timings.get(operation) or self.timings["other"]
        timing.counts[bisect_left(SECONDS, seconds)] += 1
        timing.total += seconds

    def registered(self, response_code: int, prefix: bytes, count: int = 1) -> None:
        """Count identifiers that were asked to be registered and got this answer."""
        del prefix
        self.registrations[response_code] = self.registrations.get(response_code, 0) + count

    def resolved(self, response_code: int, prefix: bytes, count: int = 1) -> None:
        """Count identifiers that were asked for and got this answer."""
        del prefix
        self.resolutions[response_code] = self.resolutions.get(response_code, 0) + count

    def timed(self, operation: str, counts: Sequence[int], seconds: float) -> None:
        """Count many answered requests by how long they took, under the bounds of `SECONDS`."""
        timing = self.timings[operation]
        timing.counts = [had + more for had, more in zip(timing.counts, counts, strict=True)]
        timing.total += seconds

    def dropped(self, count: int) -> None:
        """Count datagrams that were lost because a buffer of the node was full."""
        self.datagrams_dropped += count

    def malformed(self, reason: str) -> None:
        """Count input that was no message; past `REASONS_MAX` kinds the reason is `other`."""
        known = self.malformed_by_reason
        if reason not in known and len(known) >= REASONS_MAX:
            reason = OTHER_REASON
        known[reason] = known.get(reason, 0) + 1

    def opened(self) -> None:
        """Count a connection in."""
        self.connections += 1

    def closed(self) -> None:
        """Count a connection out."""
        self.connections -= 1
