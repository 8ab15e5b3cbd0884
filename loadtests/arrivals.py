"""When requests are to be sent, decided before anybody knows how fast the answers come.

A load test that sends its next request when the last answer has come stops asking while the server stands
still, and so hides the very answers that were slow (*coordinated omission*). Here each request has an
intended time, and its latency counts from then on. Times are in seconds since the start of the test.
"""

from collections.abc import Callable
from random import Random
from typing import Final, Protocol

_STEP_SECONDS: Final = 0.05
"""Longest time over which a rate counts as constant."""


class Plan(Protocol):
    """Says when a user sends its next request."""

    def claim(self, now: float) -> float | None:
        """Return the intended time of a request, which may have passed; None if there are no more."""
        ...


class Arrivals:
    """The arrivals of one face in one process, an open load: they come whether or not anybody is free.

    They are planned from the first second on, by the rate alone: neither how fast users were started nor how
    many there are changes it. All users of the face in this process share them: whoever is free claims the
    next one. ``share`` is this process's part of the whole rate. An arrival that nobody has claimed
    ``patience`` seconds after its time is dropped and counted: there were not enough users for the latency
    that the node had.
    """

    def __init__(  # noqa: PLR0913  # a plan is what these say
        self,
        rate: Callable[[float], float],
        *,
        share: Callable[[], float],
        duration: float,
        patience: float,
        chance: Random,
        poisson: bool,
    ) -> None:
        self.planned = 0
        self.dropped = 0
        self.late = 0
        self._rate = rate
        self._share = share
        self._duration = duration
        self._patience = patience
        self._chance = chance
        self._poisson = poisson
        # Processes and faces must not all send at the same moments.
        self._next = self._after(0.0, chance.random())

    def claim(self, now: float) -> float | None:
        """Return the next arrival's intended time, which may have passed; None if there are no more."""
        while self._next is not None and self._next < self._duration:
            planned = self._next
            self._next = self._following(planned)
            self.planned += 1
            if planned >= now - self._patience:
                self.late += planned < now
                return planned
            self.dropped += 1
        return None

    def unclaim(self) -> None:
        """Take back an arrival whose time had not come when its user was stopped."""
        self.planned -= 1

    def finish(self, now: float) -> None:
        """Count arrivals as dropped whose time has come and whom nobody has claimed."""
        end = min(now, self._duration)
        while self._next is not None and self._next < end:
            self._next = self._following(self._next)
            self.planned += 1
            self.dropped += 1

    def _following(self, planned: float) -> float | None:
        return self._after(planned, self._chance.expovariate(1.0) if self._poisson else 1.0)

    def _after(self, seconds: float, work: float) -> float | None:
        """Return when so many arrivals have come after a time; None if the test ends before."""
        share = self._share()
        while seconds < self._duration:
            rate = self._rate(seconds) * share
            step = min(_STEP_SECONDS, work / rate) if rate > 0 else _STEP_SECONDS
            seconds += step
            work -= rate * step
            if work <= 1e-9:
                return seconds
        return None


class Pace:
    """The requests of one user at equal distances, a closed load: one that is late is sent at once."""

    def __init__(self, per_second: float, *, duration: float, now: float, chance: Random) -> None:
        self._gap = 1 / per_second
        self._duration = duration
        self._next = now + self._gap * chance.random()

    def claim(self, _now: float) -> float | None:
        """Return the next request's intended time, which may have passed; None if there are no more."""
        planned = self._next
        if planned >= self._duration:
            return None
        self._next += self._gap
        return planned


class AtOnce:
    """A closed load without a plan: the next request when the last answer has come."""

    def __init__(self, *, duration: float) -> None:
        self._duration = duration

    def claim(self, now: float) -> float | None:
        """Return now, until the end."""
        return now if now < self._duration else None
