"""Counts what happened in one load test: counted where it happens, and added up over all processes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from idnode.loadtests.latency import Latencies, merged


@dataclass(slots=True)
class Operation:
    """One operation of one face: answers, failures by kind, and two views of their latencies.

    ``corrected`` counts from the time at which the request was intended to be sent, ``uncorrected`` from when
    it was sent. ``items`` are identifiers: one for a resolution, many for a batch.
    """

    requests: int = 0
    items: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    corrected: Latencies = field(default_factory=Latencies)
    uncorrected: Latencies = field(default_factory=Latencies)

    @property
    def failed(self) -> int:
        """Requests that failed, of any kind."""
        return sum(self.failures.values())

    def merge(self, other: "Operation") -> None:
        """Add what another one has counted."""
        self.requests += other.requests
        self.items += other.items
        self.failures.update(other.failures)
        self.corrected.merge(other.corrected)
        self.uncorrected.merge(other.uncorrected)

    def as_data(self) -> tuple[int, int, dict[str, int], dict[str, Any], dict[str, Any]]:
        """Return it as lists and numbers."""
        failures = dict(self.failures)
        corrected, uncorrected = self.corrected.as_data(), self.uncorrected.as_data()
        return self.requests, self.items, failures, corrected, uncorrected

    @classmethod
    def from_data(
        cls,
        requests: int,
        items: int,
        failures: Mapping[str, int],
        *latencies: Mapping[str, Any],
    ) -> Self:
        """Return what `as_data` was made of."""
        corrected, uncorrected = map(Latencies.from_data, latencies)
        return cls(requests, items, Counter(failures), corrected, uncorrected)


@dataclass(slots=True)
class Planned:
    """The arrivals of a face: planned, never sent (dropped), and sent late because every user was busy."""

    planned: int = 0
    dropped: int = 0
    late: int = 0

    @property
    def sent(self) -> int:
        """Arrivals that became requests."""
        return self.planned - self.dropped

    def merge(self, other: "Planned") -> None:
        """Add what another one has counted."""
        self.planned += other.planned
        self.dropped += other.dropped
        self.late += other.late


@dataclass(slots=True)
class Process:
    """One load process: processor seconds over elapsed seconds, the busy ones of these, and its own lag.

    ``lag`` is how late the process woke for what it had planned while nothing else was in the way.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    busy_seconds: float = 0.0
    lag: Latencies = field(default_factory=Latencies)

    @property
    def cpu_share(self) -> float:
        """Mean share of one processor."""
        return self.cpu_seconds / self.seconds if self.seconds else 0.0

    def merge(self, other: "Process") -> None:
        """Add what was counted later of the same process."""
        self.seconds += other.seconds
        self.cpu_seconds += other.cpu_seconds
        self.busy_seconds += other.busy_seconds
        self.lag.merge(other.lag)


class Ledger:
    """All counts of a load test."""

    def __init__(self) -> None:
        self.operations: dict[tuple[str, str], Operation] = {}
        self.planned: dict[str, Planned] = {}
        self.processes: dict[str, Process] = {}

    def clear(self) -> None:
        """Forget everything, in place."""
        self.operations.clear()
        self.planned.clear()
        self.processes.clear()

    def operation(self, face: str, name: str) -> Operation:
        """Return the counts of an operation of a face."""
        return self.operations.setdefault((face, name), Operation())

    def record(  # noqa: PLR0913  # one fact
        self,
        face: str,
        name: str,
        *,
        corrected: float,
        uncorrected: float,
        items: int = 1,
        failure: str | None = None,
    ) -> None:
        """Count one request; latencies are in seconds, ``failure`` is its kind."""
        entry = self.operations.get((face, name))
        if entry is None:
            entry = self.operation(face, name)
        entry.requests += 1
        entry.corrected.record(corrected)
        entry.uncorrected.record(uncorrected)
        if failure is None:
            entry.items += items
        else:
            entry.failures[failure] += 1

    def process(self, name: str) -> Process:
        """Return the counts of a load process."""
        return self.processes.setdefault(name, Process())

    def absorb(self, other: "Ledger") -> None:
        """Add what another one has counted."""
        for key, operation in other.operations.items():
            self.operation(*key).merge(operation)
        for face, planned in other.planned.items():
            self.planned.setdefault(face, Planned()).merge(planned)
        for name, process in other.processes.items():
            self.process(name).merge(process)

    def faces(self) -> list[str]:
        """Return every face that was asked, in order of its first request."""
        return list(dict.fromkeys(face for face, _ in self.operations))

    def sum(self, face: str | None = None) -> Operation:
        """Return the counts of all operations of a face, or of everything."""
        found = Operation()
        for (of, _), operation in self.operations.items():
            if face in {None, of}:
                found.merge(operation)
        return found

    def arrivals(self, face: str | None = None) -> Planned:
        """Return the arrivals of a face, or of all."""
        found = Planned()
        for of, planned in self.planned.items():
            if face in {None, of}:
                found.merge(planned)
        return found

    def lag(self) -> Latencies:
        """Return the lag of all load processes."""
        return merged(process.lag for process in self.processes.values())

    def as_data(self) -> dict[str, Any]:
        """Return everything as lists and numbers, to be sent from a worker to its master."""
        return {
            "operations": [
                [face, name, *found.as_data()] for (face, name), found in self.operations.items()
            ],
            "planned": [
                [face, found.planned, found.dropped, found.late]
                for face, found in self.planned.items()
            ],
            "processes": [
                [name, found.seconds, found.cpu_seconds, found.busy_seconds, found.lag.as_data()]
                for name, found in self.processes.items()
            ],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Ledger":
        """Return what `as_data` was made of."""
        found = cls()
        for face, name, *counts in data["operations"]:
            found.operations[face, name] = Operation.from_data(*counts)
        for face, *counts in data["planned"]:
            found.planned[face] = Planned(*counts)
        for name, seconds, cpu_seconds, busy_seconds, lag in data["processes"]:
            found.processes[name] = Process(
                seconds, cpu_seconds, busy_seconds, Latencies.from_data(lag)
            )
        return found
