"""The verdict on a load test: whether it passed, and whether it was the node that was measured, or Locust."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from idnode.loadtests.thresholds import Check, check_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.loadtests.ledger import Ledger, Process
    from idnode.loadtests.profile import Profile

BUSY_PERCENT: Final = 5.0
"""Share of its time that a load process may be over the limit of processor time before it counts as one."""


class ExitCode(IntEnum):
    """Describes what a load process ends with."""

    PASSED = 0
    FAILED = 1
    """A threshold did not hold."""
    UNUSABLE = 2
    """Nothing was measured: the profile, the node or Locust itself was at fault."""
    LOCUST_WAS_THE_LIMIT = 3
    """A threshold did not hold, and Locust was the limit: nothing is known about the node."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every threshold with what was measured, and the reasons, if any, to doubt the measurement."""

    checks: "Sequence[Check]"
    doubts: tuple[str, ...]
    remarks: tuple[str, ...]
    measured: bool

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that says it."""
        if not self.measured:
            return ExitCode.UNUSABLE
        if all(check.held for check in self.checks):
            return ExitCode.PASSED
        return ExitCode.LOCUST_WAS_THE_LIMIT if self.doubts else ExitCode.FAILED


def judge(profile: "Profile", ledger: "Ledger", *, seconds: float, lost: int = 0) -> Verdict:
    """Return the verdict on what was counted in so many seconds; ``lost`` workers never told theirs."""
    return Verdict(
        checks=check_all(profile, ledger, seconds=seconds),
        doubts=tuple(_doubts(profile, ledger, lost)),
        remarks=tuple(_remarks(profile, ledger)),
        measured=ledger.sum().requests > 0,
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
    elif arrivals.waited > 0.01 * arrivals.planned:
        found.append(
            f"{arrivals.waited:,} of {arrivals.planned:,} arrivals waited for a free user; that is in the"
            " corrected latencies and not in the uncorrected ones"
        )
    if not profile.is_open and profile.load.pace_per_second == 0:
        found.append(
            "the load was closed and unpaced: users waited for answers, so corrected and uncorrected"
            " latencies are the same and neither shows requests that were not sent meanwhile"
        )
    return found
