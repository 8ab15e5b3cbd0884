"""The verdict on a load test: whether it passed, and whether all of it was measured, and of the node, not of Locust."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from idnode.clients.errors import ConnectionFailed, ConnectionLost, MalformedAnswer, TimedOut
from idnode.loadtests.curves import area_of
from idnode.loadtests.thresholds import Check, check_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.loadtests.ledger import Ledger, Process
    from idnode.loadtests.profile import Face, Profile

BUSY_PERCENT: Final = 5.0
"""Share of its time that a load process may be over the limit of processor time before it counts as one."""

_EARLY_SECONDS: Final = 0.5
_ARRIVALS_OFF: Final = 0.002
"""Part of the arrivals by which a plan may differ: curves are added up in steps."""
_UNANSWERED: Final = frozenset(
    {
        *(each.__name__ for each in (TimedOut, ConnectionFailed, ConnectionLost, MalformedAnswer)),
        "Unfinished",
    }
)
"""Failures that say nothing of the node but that it is not there."""


class ExitCode(IntEnum):
    """Describes what a load process ends with."""

    PASSED = 0
    FAILED = 1
    """A threshold did not hold."""
    UNUSABLE = 2
    """Nothing was measured: the profile, the node or Locust itself was at fault."""
    LOCUST_WAS_THE_LIMIT = 3
    """A threshold did not hold, and Locust was the limit: nothing is known about the node."""
    INCOMPLETE = 4
    """Every threshold held by what was measured, but that was not all: Locust was the limit, or a part is missing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every threshold with what was measured, and the reasons, if any, to doubt the measurement.

    ``doubts`` say why Locust was the limit, ``missing`` what part of the planned load was not sent or not counted.
    """

    asked: int
    """Arrivals that the profile asks for, from its beginning to its end; none of a closed load."""
    checks: "Sequence[Check]"
    doubts: tuple[str, ...]
    missing: tuple[str, ...]
    remarks: tuple[str, ...]
    measured: bool

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that says it."""
        if not self.measured:
            return ExitCode.UNUSABLE
        if all(check.held for check in self.checks):
            return ExitCode.INCOMPLETE if self.doubts or self.missing else ExitCode.PASSED
        return ExitCode.LOCUST_WAS_THE_LIMIT if self.doubts else ExitCode.FAILED


def judge(profile: "Profile", ledger: "Ledger", *, seconds: float, lost: int = 0) -> Verdict:
    """Return the verdict on what was counted in so many seconds; ``lost`` workers never told theirs."""
    everything = ledger.sum()
    unanswered = sum(everything.failures[kind] for kind in _UNANSWERED)
    return Verdict(
        asked=round(sum(_arrivals_asked(profile, face) for face in profile.users)),
        checks=check_all(profile, ledger, seconds=seconds),
        doubts=tuple(_doubts(profile, ledger, lost)),
        missing=tuple(_missing(profile, ledger, seconds)),
        remarks=tuple(_remarks(profile, ledger)),
        measured=everything.requests > unanswered,
    )


def _doubts(profile: "Profile", ledger: "Ledger", lost: int) -> list[str]:
    """Return why Locust itself was the limit, process by process."""
    found = [f"{lost} workers were lost, and with them what they had counted"] if lost else []
    for name, process in ledger.processes.items():
        busy = 100 * process.busy_seconds / process.seconds if process.seconds else 0.0
        if busy > BUSY_PERCENT:
            found.append(
                f"load process {name} was over {profile.limits.cpu_percent:.0f} % of a processor for"
                f" {busy:.0f} % of the time: use more processes, or fewer requests"
            )
        lag = process.lag.percentile(0.99) * 1000
        if lag > profile.limits.lag_ms:
            found.append(_late(name, process, lag))
    return found


def _late(name: str, process: "Process", lag: float) -> str:
    return (
        f"load process {name} sent or woke {lag:.0f} ms late at p99"
        f" (worst {process.lag.maximum * 1000:.0f} ms): it did not get the processor in time"
    )


def _missing(profile: "Profile", ledger: "Ledger", seconds: float) -> Iterator[str]:
    """Yield what the counts leave out of the load that the profile plans."""
    whole = profile.shape.duration
    if seconds < whole - _EARLY_SECONDS:
        yield f"the test ended after {seconds:.1f} of {whole:g} s"
    arrivals = ledger.arrivals()
    allowed = profile.thresholds.dropped_percent or 0.0
    if 100 * arrivals.dropped > allowed * arrivals.planned:
        yield f"{arrivals.dropped:,} of {arrivals.planned:,} arrivals were dropped, and no latency shows them"
    for face in profile.users:
        if not ledger.sum(face).requests:
            yield f"{face} was not asked at all"
        elif profile.is_open:
            yield from _misplanned(profile, ledger, face)


def _misplanned(profile: "Profile", ledger: "Ledger", face: "Face") -> Iterator[str]:
    asked, planned = _arrivals_asked(profile, face), ledger.arrivals(face).planned
    # Each process begins at a moment of its own within the first gap, and Poisson arrivals vary.
    allowed = 1 + len(ledger.processes) + _ARRIVALS_OFF * asked
    if profile.load.arrivals == "poisson":
        allowed += 4 * math.sqrt(asked)
    if abs(planned - asked) > allowed:
        yield f"{face} had {planned:,} arrivals planned where the profile asks for {asked:,.0f}"


def _arrivals_asked(profile: "Profile", face: "Face") -> float:
    """Return how many arrivals of a face the profile has."""
    return area_of(profile.shape) * profile.share(face) if profile.is_open else 0.0


def _remarks(profile: "Profile", ledger: "Ledger") -> list[str]:
    """Return what a reader should know beside the thresholds."""
    found = []
    arrivals = ledger.arrivals()
    if arrivals.dropped:
        found.append(
            f"{arrivals.dropped:,} of {arrivals.planned:,} arrivals were dropped: no user was free within"
            f" {profile.load.patience_seconds:g} s. The latencies leave them out; the node is slower than"
            " the rate asks for, or load.users is too small"
        )
    elif arrivals.late > 0.01 * arrivals.planned:
        found.append(
            f"{arrivals.late:,} of {arrivals.planned:,} arrivals waited for a free user; that is in the"
            " corrected latencies and not in the uncorrected ones"
        )
    if not profile.is_open and profile.load.pace_per_second == 0:
        found.append(
            "the load was closed and unpaced: users waited for answers, so corrected and uncorrected"
            " latencies are the same and neither shows requests that were not sent meanwhile"
        )
    return found
