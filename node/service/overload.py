"""Tells when a node is beyond its capacity, by how long requests wait before anybody reads them.

The rule is CoDel's ("Controlling Queue Delay", 2012), for requests: a burst makes a queue that goes away by itself, so
waiting is no trouble as long as, once in an interval, some request waits less than the target. If none does, the
queue stands, and then whoever waited longer than the target is refused, at once and cheaply, until waiting has stayed
below the target for an interval. What is answered then waited for about as long as the target.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.node.service.errors import NodeBusy

if TYPE_CHECKING:
    from idnode.registry.handle.clock import Clock

RETRY_SECONDS: Final = 1
"""After which a client that was refused may ask again, as HTTP's Retry-After says."""

TOO_MANY: Final = "The node has more requests than it can answer; ask again later"

QUOTA_MIN: Final = 8.0
QUOTA_MAX: Final = 10_000.0
"""Bounds of how many are answered in a turn though they waited too long."""

SHORT_SECONDS: Final = 0.001
"""Reading for so long in a turn of the event loop keeps nobody waiting worth mentioning."""


class Patience(NamedTuple):
    """Seconds that requests may wait, and for how long they may wait longer; target 0 refuses none."""

    target: float = 0.1
    interval: float = 0.5


class Overload:
    """The rule for one queue; ``shedding`` while its requests that waited too long are refused."""

    __slots__ = ("_above_since", "_interval", "_last_above", "_target", "shed", "shedding")

    def __init__(self, patience: Patience | None = None) -> None:
        patience = patience or Patience()
        self._target = patience.target or float("inf")
        self._interval = patience.interval
        self._above_since: float | None = None
        self._last_above = float("-inf")
        self.shedding = False
        self.shed = 0
        """Requests refused so far, as their face counts them."""

    def refuses(self, waited: float, now: float) -> bool:
        """Return whether a request that waited so many seconds until ``now`` is to be refused."""
        if waited <= self._target:
            self._above_since = None
            if self.shedding and now - self._last_above >= self._interval:
                self.shedding = False
            return False
        self._last_above = now
        if not self.shedding:
            if self._above_since is None:
                self._above_since = now
            self.shedding = now - self._above_since >= self._interval
        return self.shedding


def too_many() -> NodeBusy:
    """Return the error that requests are refused with."""
    return NodeBusy(TOO_MANY)


class Turns:
    """Tells for how long what the event loop reads has waited for its turn.

    A turn reads from every connection that has something, then does what that asks for. What is read in a turn
    arrived during the one before, on average in its middle, and waits for the reads in front of it. Costs two calls a
    turn, however much is read in it.
    """

    __slots__ = ("_began", "_busy", "_last", "_quota", "_spared", "_target", "_waited", "elapsed")

    def __init__(self, clock: Clock, target: float = 0.1) -> None:
        self.elapsed = clock.elapsed
        self._target = target
        self._quota = 1.0
        self._spared = 0
        self._began: float | None = None
        self._last = 0.0
        self._waited = 0.0
        self._busy = False

    def waited(self, now: float) -> float:
        """Return for how many seconds what was read ``now`` had waited, as far as that can be known."""
        began = self._began
        if began is None:
            began = self._began = now
            took = now - self._last if self._busy else 0.0
            self._waited = took / 2
            self._quota = self._next_quota(took)
            self._spared = 0
            asyncio.get_running_loop().call_soon(self._read)
        return now - began + self._waited

    def spares(self) -> bool:
        """Return whether one more of those to be refused is answered all the same in this turn.

        Refusing all of them would leave the node idle whenever more come at once than it can answer in time: so
        many are answered as keep a turn as long as the target.
        """
        self._spared += 1
        return self._spared <= self._quota

    def _next_quota(self, took: float) -> float:
        """Return how many may be spared behind a turn that took so long: fewer after a long one, more after a short one."""
        if not took:
            return QUOTA_MIN
        step = min(max(self._target / took, 0.5), 1.25)
        return min(max(self._quota * step, QUOTA_MIN), QUOTA_MAX)

    def _read(self) -> None:
        """Take in that everything was read in this turn."""
        began, self._began = self._began, None
        assert began is not None
        self._last = began
        self._busy = self.elapsed() - began > SHORT_SECONDS
        if self._busy:
            asyncio.get_running_loop().call_soon(self._look_back)

    def _look_back(self) -> None:
        """Take in whether the turn behind a long one found anything to read; otherwise the loop is idle."""
        if self._began is None:
            self._busy = False
