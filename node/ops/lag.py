"""Measures how late the event loop runs its timers: as late as it reads what has come meanwhile.

A timer comes due somewhere within a turn of the loop, as a request does, and has its turn at the end of it. So its delay
is what a request waits in the system before anybody reads it, which no stream tells.
"""

import asyncio
from typing import Final

from idnode.node.ops.counters import SECONDS, Histogram
from idnode.node.service.queue_delay import QueueDelay
from idnode.registry.handle.clock import Clock

PERIOD_SECONDS: Final = 0.025
"""Time between two looks; a blockage shorter than this may go unseen."""

WINDOW_SECONDS: Final = 15.0
"""How long the worst delay is remembered, so that a scrape every 15 s sees each one."""


class LagProbe:
    """Measures the delay of a timer against the time it asked for.

    ``queue`` is told each delay, since it is that of requests, too.
    """

    def __init__(self, clock: Clock, queue: QueueDelay | None = None) -> None:
        self.histogram = Histogram(SECONDS)
        """Every delay."""
        self._clock = clock
        self._queue = queue or QueueDelay()
        self._due = 0.0
        self._window_end = 0.0
        self._worst = 0.0
        self._worst_before = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look every `PERIOD_SECONDS` until stopped."""
        self._due = self._clock.elapsed() + PERIOD_SECONDS
        self._timer = loop.call_later(PERIOD_SECONDS, self._look, loop)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def seconds(self) -> float:
        """Return the worst delay of the current and the last window."""
        return max(self._worst, self._worst_before)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = self._clock.elapsed()
        self.observe(now, max(0.0, now - self._due))
        self.start(loop)

    def observe(self, now: float, lag: float) -> None:
        """Take one measured delay at ``now``."""
        if now >= self._window_end:
            self._worst_before, self._worst = self._worst, 0.0
            self._window_end = now + WINDOW_SECONDS
        self._worst = max(self._worst, lag)
        self.histogram.add(lag)
        self._queue.observe(now, lag)
