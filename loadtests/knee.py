"""Finds the knee: the highest rate of an open load that a node takes within the thresholds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from idnode.loadtests.verdict import ExitCode

PRECISION: Final = 0.1
"""Distance of the rates between which the knee is, as a part of the lower one, at which the search ends."""

_RATE_PART_MIN: Final = 1 / 16
"""Part of the rate at the beginning below which no knee is looked for."""
_RATE_MAX: Final = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Probe:
    """A load test at one rate: its result, and the cores that the node used, where that is known."""

    rate: float
    result: dict[str, Any]
    cores: float | None = None

    @property
    def passed(self) -> bool:
        """Return whether every threshold held, by the whole load."""
        return bool(self.result["exit_code"] == ExitCode.PASSED)

    @property
    def limited(self) -> bool:
        """Return whether Locust was the limit, so that nothing is known of the node."""
        return bool(self.result["doubts"])


@dataclass(slots=True)
class Knee:
    """Holds what was found: the highest rate that was kept, and the lowest one that was not."""

    kept: Probe | None = None
    broken: Probe | None = None
    probes: list[Probe] = field(default_factory=list)

    @property
    def is_of_the_node(self) -> bool:
        """Return whether the node was what broke, and not Locust."""
        return self.broken is not None and not self.broken.limited

    def take(self, probe: Probe) -> None:
        """Remember a probe."""
        self.probes.append(probe)
        if probe.passed:
            self.kept = probe
        else:
            self.broken = probe


def search(probe: Callable[[float], Probe], *, start: float, precision: float = PRECISION) -> Knee:
    """Return the knee: rates are doubled, or halved, until one breaks and one does not, and then bisected.

    What breaks is asked once more, for the machine may have been busy for a moment.
    """
    knee = Knee()

    def ask(rate: float) -> None:
        found = probe(rate)
        knee.take(found if found.passed else probe(rate))

    rate = start
    while start * _RATE_PART_MIN <= rate <= _RATE_MAX and (
        knee.kept is None or knee.broken is None
    ):
        ask(rate)
        rate = rate * 2 if knee.broken is None else rate / 2
    while knee.kept and knee.broken and knee.broken.rate > knee.kept.rate * (1 + precision):
        ask(round((knee.kept.rate * knee.broken.rate) ** 0.5, 1))
    return knee
