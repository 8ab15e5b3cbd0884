"""The only reader of time in the project.

Every expiry, token, TTL and timer asks a `Clock` or takes ``now`` as an argument, so that tests move time by
hand, and so does whoever operates a node: `MovableClock`. Three readings, because two kinds of time must not
be mixed up: what the node believes the time to be moves (`now`, `passed`); how long a peer has been silent or
an answer took does not (`elapsed`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

SPEED_MAX: Final = 1_000_000.0
"""Fastest that a clock may run, in seconds a second: eleven days."""

EPOCH_MAX: Final = 4_294_000_000.0
"""Latest time that a clock shows, in epoch seconds, in January 2106: timestamps and expirations on the wire have 32 bits."""


class Clock(Protocol):
    """Readings of time."""

    def now(self) -> float:
        """Return seconds since the epoch (wall time: timestamps, tokens, dates)."""
        ...

    def elapsed(self) -> float:
        """Return monotonic seconds from an arbitrary start (durations, time-outs of the network)."""
        ...

    def passed(self) -> float:
        """Return monotonic seconds of the time that `now` shows (lifetimes of challenges and sessions)."""
        return self.elapsed()


class SystemClock:
    """The machine's own clocks."""

    now = staticmethod(time.time)
    elapsed = staticmethod(time.perf_counter)
    passed = staticmethod(time.perf_counter)


class ClockState(NamedTuple):
    """A reading of a `MovableClock` together with how it goes on."""

    now: float
    """Epoch seconds that the clock shows."""
    offset: float
    """Seconds by which it is ahead of the machine's clock."""
    speed: float
    """Seconds that pass on it in a second; 0 while it is frozen."""

    @property
    def moved(self) -> bool:
        """Return whether the clock differs from the machine's."""
        return bool(self.offset) or self.speed != 1.0


class MovableClock:
    """The machine's clock until somebody freezes, sets, advances or speeds it up.

    `passed` never goes back: it follows `now` forwards, and stands still over a step backwards, so that
    setting the time back revives nothing that has expired.
    """

    elapsed = staticmethod(time.perf_counter)

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._speed = 1.0
        # What the clocks showed when the clock was last moved; until then it is the machine's to the bit.
        self._moved = False
        self._shown_then = 0.0
        self._passed_then = 0.0
        self._monotonic_then = 0.0
        self._watchers: list[Callable[[], None]] = []

    def now(self) -> float:
        """Return the epoch seconds that this clock shows."""
        if not self._moved:
            return self._wall()
        shown = self._shown_then + (self._monotonic() - self._monotonic_then) * self._speed
        return min(shown, EPOCH_MAX)

    def passed(self) -> float:
        """Return monotonic seconds of the time that `now` shows."""
        return self._passed_then + (self._monotonic() - self._monotonic_then) * self._speed

    def state(self) -> ClockState:
        """Return what the clock shows and how it goes on."""
        if not self._moved:
            return ClockState(self._wall(), 0.0, 1.0)
        now = self.now()
        return ClockState(now, now - self._wall(), self._speed)

    def watch(self, callback: Callable[[], None]) -> None:
        """Call back after each move."""
        self._watchers.append(callback)

    def set(self, at: float) -> None:
        """Show this time, in epoch seconds, and go on from it.

        Raises:
            ValueError: Before 1970 or after `EPOCH_MAX`.

        """
        if not 0 <= at <= EPOCH_MAX:
            raise ValueError("A clock shows times from 1970 to January 2106")
        self._move(at, self._speed)

    def advance(self, seconds: float) -> None:
        """Go forwards, or with a negative number back, by so many seconds.

        Raises:
            ValueError: As for `set`.

        """
        self.set(self.now() + seconds)

    def freeze(self) -> None:
        """Stand still; `set` and `advance` still move it."""
        self._move(self.now(), 0.0)

    def run(self, speed: float = 1.0) -> None:
        """Go on from the time shown, ``speed`` seconds a second.

        Raises:
            ValueError: Not above 0, or over `SPEED_MAX`.

        """
        if not 0 < speed <= SPEED_MAX:
            raise ValueError(f"A clock's speed is above 0 and at most {SPEED_MAX:g}")
        self._move(self.now(), speed)

    def reset(self) -> None:
        """Show the machine's time again."""
        self._move(self._wall(), 1.0, moved=False)

    def restore(self, state: ClockState) -> None:
        """Go on as in an earlier reading: as far ahead of the machine's clock, or where it stood frozen."""
        if not state.moved:
            self.reset()
            return
        at = state.now if not state.speed else self._wall() + state.offset
        self._move(min(max(at, 0.0), EPOCH_MAX), state.speed)

    def _move(self, at: float, speed: float, *, moved: bool = True) -> None:
        passed = self.passed() + max(0.0, at - self.now())
        self._moved = moved
        self._shown_then = at
        self._passed_then = passed
        self._monotonic_then = self._monotonic()
        self._speed = speed
        for callback in self._watchers:
            callback()
