"""Curves: how much load at which time.

A level is in arrivals a second (open load) or in users (closed load); which one, the profile says. Times are
in seconds since the start.
"""

from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

Level = Annotated[float, Field(ge=0)]

DAY_PARTS: Final = (
    *(0.05, 0.03, 0.02, 0.02, 0.03, 0.08, 0.22, 0.55, 0.92, 1.00, 0.97, 0.80),
    *(0.55, 0.72, 0.93, 0.98, 0.92, 0.75, 0.48, 0.36, 0.30, 0.22, 0.14, 0.08),
)
"""Load of each hour of a working day as a part of its peak: two shifts, lunch, and a short evening."""


class _Curve(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        raise NotImplementedError

    def lasting(self, seconds: float) -> Self:
        """Return the same curve, stretched or squeezed to another duration."""
        factor = seconds / self.duration
        times = {name: value for name, value in self if name.endswith("_seconds")}
        return self.model_copy(update={name: value * factor for name, value in times.items()})


class Constant(_Curve):
    """The same level all the time."""

    kind: Literal["constant"]
    level: Level
    duration_seconds: PositiveFloat

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.duration_seconds

    def level_at(self, _seconds: float) -> float:
        """Return the level at a time."""
        return self.level


class Steps(_Curve):
    """One level after the other, each for as long, to find the knee."""

    kind: Literal["steps"]
    levels: tuple[Level, ...] = Field(min_length=1)
    step_seconds: PositiveFloat

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.step_seconds * len(self.levels)

    def level_at(self, seconds: float) -> float:
        """Return the level at a time."""
        return self.levels[min(int(seconds / self.step_seconds), len(self.levels) - 1)]


class Spike(_Curve):
    """A base, at once a peak, at once the base again, to see it recover."""

    kind: Literal["spike"]
    base: Level
    peak: Level
    before_seconds: PositiveFloat
    peak_seconds: PositiveFloat
    after_seconds: PositiveFloat

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.before_seconds + self.peak_seconds + self.after_seconds

    def level_at(self, seconds: float) -> float:
        """Return the level at a time."""
        inside = 0 <= seconds - self.before_seconds < self.peak_seconds
        return self.peak if inside else self.base


class Day(_Curve):
    """Working days from midnight on, hour by hour (`DAY_PARTS`), each in ``day_seconds``."""

    kind: Literal["day"]
    peak: Level
    day_seconds: PositiveFloat
    days: int = Field(1, ge=1)

    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return self.day_seconds * self.days

    def level_at(self, seconds: float) -> float:
        """Return the level at a time; between the hours it runs straight."""
        hour, part = divmod(seconds / self.day_seconds * 24, 1)
        before, after = DAY_PARTS[int(hour) % 24], DAY_PARTS[(int(hour) + 1) % 24]
        return self.peak * (before + (after - before) * part)


class Soak(_Curve):
    """A ramp, and then the same level for long, to see what leaks and what fills up."""

    kind: Literal["soak"]
    level: Level
    ramp_seconds: PositiveFloat
    duration_seconds: PositiveFloat

    @property
    def duration(self) -> float:
        """Seconds from start to end, ramp included."""
        return self.duration_seconds

    def level_at(self, seconds: float) -> float:
        """Return the level at a time."""
        return self.level * min(seconds / self.ramp_seconds, 1.0)


Curve = Constant | Steps | Spike | Day | Soak


def peak_of(curve: Curve, *, resolution: int = 1000) -> float:
    """Return the highest level of a curve, looked for at so many times."""
    times = (curve.duration * part / resolution for part in range(resolution))
    return max(curve.level_at(time) for time in times)


def area_of(curve: Curve, *, resolution: int = 10_000) -> float:
    """Return the sum of the levels over all seconds: of an open load, the arrivals to expect."""
    edges = [curve.duration * part / resolution for part in range(resolution + 1)]
    return sum(
        curve.level_at((left + right) / 2) * (right - left) for left, right in pairwise(edges)
    )
