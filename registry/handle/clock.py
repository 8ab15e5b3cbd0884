"""The only reader of time in the node.

Every expiry, token, TTL and timer asks a `Clock` or takes ``now`` as an argument, so that tests move
time by hand and accelerated time needs no change elsewhere.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """What the node asks about time."""

    def now(self) -> float:
        """Return seconds since the epoch (wall time: timestamps, expirations)."""
        ...

    def elapsed(self) -> float:
        """Return monotonic seconds from an arbitrary start (durations, time-outs)."""
        ...


class SystemClock:
    """The machine's own clocks."""

    now = staticmethod(time.time)
    elapsed = staticmethod(time.perf_counter)
