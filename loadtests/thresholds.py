"""Thresholds: what was asked, what was measured, and whether it held."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from idnode.loadtests.ledger import Ledger, Operation, Planned
    from idnode.loadtests.profile import Profile, ThresholdsTable

LATENCIES: Final[Mapping[str, float]] = {
    "p50_ms": 0.5,
    "p90_ms": 0.9,
    "p99_ms": 0.99,
    "p999_ms": 0.999,
    "max_ms": 1.0,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One threshold: ``of`` is a face or ``all``; a rate is a least value, everything else a most."""

    of: str
    name: str
    asked: float
    measured: float

    @property
    def is_least(self) -> bool:
        """Return whether the measured value must not be below the asked one."""
        return self.name == "rate_per_second"

    @property
    def held(self) -> bool:
        """Return whether it held."""
        if self.is_least:
            return self.measured >= self.asked
        return self.measured <= self.asked

    def as_data(self) -> dict[str, Any]:
        """Return it for a report."""
        return {**asdict(self), "held": self.held}


def check_all(profile: "Profile", ledger: "Ledger", *, seconds: float) -> list[Check]:
    """Return every threshold of a profile with what was measured over so many seconds.

    A run without a single answer holds no threshold on latencies: it measured nothing.
    """
    checks = list(_check("all", profile.thresholds, ledger.sum(), ledger.arrivals(), seconds))
    for face, asked in profile.thresholds_of.items():
        checks += _check(face, asked, ledger.sum(face), ledger.arrivals(face), seconds)
    return checks


def _check(
    of: str,
    asked: "ThresholdsTable",
    operation: "Operation",
    arrivals: "Planned",
    seconds: float,
) -> Iterator[Check]:
    for name, limit in asked.model_dump(exclude_none=True).items():
        if name in LATENCIES:
            measured = operation.corrected.percentile(LATENCIES[name]) * 1000
            yield Check(of, name, limit, measured if operation.requests else float("inf"))
        elif name == "failures_percent":
            yield Check(of, name, limit, _percent(operation.failed, operation.requests))
        elif name == "dropped_percent":
            yield Check(of, name, limit, _percent(arrivals.dropped, arrivals.planned))
        else:
            answered = operation.requests - operation.failed
            yield Check(of, name, limit, answered / seconds if seconds else 0.0)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
