"""The result of a load test as a table for people and as data for programs."""

import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from idnode.loadtests import faults
from idnode.loadtests.latency import Latencies
from idnode.loadtests.verdict import ExitCode, Verdict

if TYPE_CHECKING:
    from idnode.loadtests.faults import FaultOn
    from idnode.loadtests.ledger import Ledger, Operation
    from idnode.loadtests.profile import Profile

PERCENTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999))

ENDINGS: Final = {
    ExitCode.PASSED: "PASSED",
    ExitCode.FAILED: "FAILED: a threshold did not hold",
    ExitCode.UNUSABLE: "UNUSABLE: not a single request was answered",
    ExitCode.INCOMPLETE: "INCOMPLETE: the thresholds held, but by a part of the load, or while Locust was the limit",
    ExitCode.LOCUST_WAS_THE_LIMIT: "FAILED, but Locust itself was the limit: this says nothing about the node",
}


def as_data(
    profile: "Profile",
    ledger: "Ledger",
    verdict: Verdict,
    *,
    seconds: float,
    faults_on: "Sequence[FaultOn] | None",
) -> dict[str, Any]:
    """Return the whole result; latencies are in milliseconds, ``faults_on`` None if they are not known."""
    arrivals = ledger.arrivals()
    return {
        "profile": profile.model_dump(mode="json", exclude_none=True),
        "seconds": seconds,
        "exit_code": int(verdict.exit_code),
        "verdict": ENDINGS[verdict.exit_code],
        "thresholds": [check.as_data() for check in verdict.checks],
        "locust_was_the_limit": bool(verdict.doubts),
        "doubts": list(verdict.doubts),
        "missing": list(verdict.missing),
        "remarks": list(verdict.remarks),
        "faults": faults.as_data(faults_on),
        "arrivals": {
            "asked": verdict.asked,
            "planned": arrivals.planned,
            "sent": arrivals.sent,
            "late": arrivals.late,
            "dropped": arrivals.dropped,
        },
        "all": _operation(ledger.sum(), seconds),
        "operations": [
            {"face": face, "operation": name, **_operation(found, seconds)}
            for (face, name), found in _sorted(ledger)
        ],
        "processes": [
            {
                "name": name,
                "cpu_percent": 100 * found.cpu_share,
                "busy_seconds": found.busy_seconds,
                "lag_ms": _latencies(found.lag),
            }
            for name, found in ledger.processes.items()
        ],
    }


def _operation(found: "Operation", seconds: float) -> dict[str, Any]:
    return {
        "requests": found.requests,
        "items": found.items,
        "failed": found.failed,
        "failures": dict(found.failures),
        "rate_per_second": found.requests / seconds if seconds else 0.0,
        "corrected_ms": _latencies(found.corrected),
        "uncorrected_ms": _latencies(found.uncorrected),
    }


def _latencies(found: Latencies) -> dict[str, float]:
    shown = {name: found.percentile(share) * 1000 for name, share in PERCENTILES}
    return {"mean": found.mean * 1000, **shown, "max": found.maximum * 1000}


def as_text(
    profile: "Profile",
    ledger: "Ledger",
    verdict: Verdict,
    *,
    seconds: float,
    notes: Iterable[str],
) -> str:
    """Return the result for a terminal; ``notes`` are lines about the node."""
    return "\n".join(
        [
            "",
            f"{profile.name}: {profile.title}",
            "",
            *_table(list(_rows(ledger, seconds))),
            "",
            *_facts(ledger, verdict.asked, seconds),
            *notes,
            "",
            *_checks(verdict),
            *(f"  note: {remark}" for remark in verdict.remarks),
            *(f"  LOCUST WAS THE LIMIT: {doubt}" for doubt in verdict.doubts),
            *(f"  INCOMPLETE: {part}" for part in verdict.missing),
            "",
            ENDINGS[verdict.exit_code],
            "",
        ]
    )


def _rows(ledger: "Ledger", seconds: float) -> Iterator[list[str]]:
    yield ["", "requests", "failed", "per s", "", *(name for name, _ in PERCENTILES), "max"]
    named = [(f"{face} {name}", found) for (face, name), found in _sorted(ledger)]
    for title, found in [*named, ("all", ledger.sum())]:
        rate = found.requests / seconds if seconds else 0.0
        counts = [title, f"{found.requests:,}", f"{found.failed:,}", f"{rate:,.0f}"]
        yield [*counts, "corrected", *_cells(found.corrected)]
        yield ["", "", "", "", "uncorrected", *_cells(found.uncorrected)]


def _sorted(ledger: "Ledger") -> list[tuple[tuple[str, str], "Operation"]]:
    """Return the operations by face, each as they are named."""
    return sorted(ledger.operations.items(), key=operator.itemgetter(0))


def _cells(found: Latencies) -> list[str]:
    shown = [*(found.percentile(share) for _, share in PERCENTILES), found.maximum]
    return [f"{seconds * 1000:,.2f}" for seconds in shown]


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = zip(row, widths, strict=True)
        yield "  ".join(
            [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        ).rstrip()


def _facts(ledger: "Ledger", asked: int, seconds: float) -> Iterator[str]:
    yield f"latencies in ms over {seconds:.1f} s; corrected: from the intended time, uncorrected: from sending"
    arrivals = ledger.arrivals()
    if asked:
        yield (
            f"arrivals: {asked:,} asked by the profile, {arrivals.planned:,} planned,"
            f" {arrivals.sent:,} sent, {arrivals.late:,} of them late, for no user was free"
        )
    failures = ledger.sum().failures
    if failures:
        yield "failures: " + ", ".join(f"{kind} {n:,}" for kind, n in failures.most_common(8))
    for name, process in ledger.processes.items():
        yield (
            f"load process {name}: {100 * process.cpu_share:.0f} % of a processor,"
            f" lag p99 {process.lag.percentile(0.99) * 1000:.1f} ms"
        )


def _checks(verdict: Verdict) -> Iterator[str]:
    for check in verdict.checks:
        word, relation = ("ok    ", "") if check.held else ("BROKEN", "not ")
        relation += "at least" if check.is_least else "at most"
        yield f"  {word}  {check.of} {check.name}: {check.measured:,.2f}, {relation} {check.asked:,g}"
