"""When a fault strikes among the requests that it matches; seeded, so that one seed gives one sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from random import Random

Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class When(BaseModel):
    """Conditions on the moment, all of which must hold; none means always."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    next: Count | None = None
    """Only the next n matching requests."""
    every: Count | None = None
    """Each nth matching request: the nth, the 2nth, …"""
    skip: Annotated[int, Field(ge=0)] = 0
    """Not the first n matching requests."""
    probability: Share | None = None
    max_consecutive: Count | None = None
    """With a probability: at most so many in a row, so that a client that retries gets through."""
    quota: Count | None = None
    """At most so many strikes in all."""
    after: Seconds | None = None
    """Not before so many seconds since the fault was switched on."""
    during: Seconds | None = None
    """For so many seconds from then."""
    ramp: Seconds | None = None
    """Seconds over which the probability rises from 0 to its value."""

    @model_validator(mode="after")
    def _belong_together(self) -> When:
        if self.probability is None and (self.max_consecutive or self.ramp):
            raise ValueError("max_consecutive and ramp go with a probability")
        return self


class Schedule:
    """Decides for one fault, request by request; ``started`` and ``now`` are in monotonic seconds."""

    def __init__(self, when: When, random: Random, started: float) -> None:
        self._when = when
        self._random = random
        self._started = started
        self.matched = 0
        self.struck = 0
        self._consecutive = 0

    def strikes(self, now: float) -> bool:
        """Return whether the fault strikes at this matching request, and count both."""
        self.matched += 1
        strikes = self._decide(now - self._started)
        self.struck += strikes
        self._consecutive = self._consecutive + 1 if strikes else 0
        return strikes

    def _decide(self, seconds: float) -> bool:
        when = self._when
        number = self.matched - when.skip
        begin = when.after or 0.0
        # The draw comes first, so that the sequence of one seed does not depend on the other conditions.
        drawn = when.probability is None or self._random.random() < self._share(seconds - begin)
        if number < 1 or seconds < begin:
            return False
        if when.during is not None and seconds >= begin + when.during:
            return False
        if when.next is not None and number > when.next:
            return False
        if when.every is not None and number % when.every:
            return False
        if when.quota is not None and self.struck >= when.quota:
            return False
        if when.max_consecutive is not None and self._consecutive >= when.max_consecutive:
            return False
        return drawn

    def _share(self, seconds: float) -> float:
        share = self._when.probability or 0.0
        if not self._when.ramp:
            return share
        return share * min(1.0, max(0.0, seconds / self._when.ramp))
