"""Every metric of the node: name, help and labels, made from plain counters when somebody scrapes.

Labels come from closed lists (faces, operations, outcomes, reasons), never from data: no handle, prefix
or enterprise can widen them. Units are seconds, bytes and items. What will be counted one day stands at zero
from the first scrape, since a rate needs the value before.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from idnode.node.ops.counters import ITEMS, OTHER_REASON, SECONDS, FaceCounters, Histogram
from idnode.node.ops.lag import LagProbe
from idnode.node.ops.outcomes import LABELS, SUCCESS, outcome_of
from idnode.node.ops.persistent_counters import Volume
from idnode.node.ops.resources import disk_of, memory_limit_bytes, own_memory_bytes
from idnode.registry.handle.clock import SystemClock

if TYPE_CHECKING:
    from idnode.registry.register import RegisterStats

FROM_LOG: Final = "log"
"""The face of registrations that no counter remembers but the log proves."""


_FIGURES: Final = {
    "index_bytes": ("idnode_index_bytes", "Memory that the index takes."),
    "queue_items": ("idnode_write_queue_items", "Mutations waiting to commit."),
    "queue_limit_items": (
        "idnode_write_queue_limit_items",
        "Mutations that may wait; more are answered busy.",
    ),
}
"""The figures of an engine that have metrics of their own; all others are labels of one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Holds what does not change while the node runs."""

    version: str
    core: str
    target_registrations: float
    target_resolutions: float


class Metrics(Collector):
    """The counters of one node and their exposition."""

    def __init__(
        self, facts: Facts, before: Volume, registry: CollectorRegistry | None = None
    ) -> None:
        self._facts = facts
        self._before = before
        self._faces: dict[str, FaceCounters] = {}
        self._commit_seconds = Histogram(SECONDS)
        self._batch_items = Histogram(ITEMS)
        self._register: Callable[[], RegisterStats] | None = None
        self._computed: Callable[[], int] = int
        self._lag = LagProbe(SystemClock())
        self._turned_away: list[Mapping[str, int]] = []
        self._injected: Callable[[], Mapping[str, int]] = dict
        self._ready: Callable[[], bool] = bool
        self._folder: Path | None = None
        self._dates: dict[str, tuple[str, Callable[[], float]]] = {}
        self._memory_limit = memory_limit_bytes()
        self._connections: dict[str, Callable[[], int]] = {}
        self._queues: dict[str, Callable[[], tuple[int, int]]] = {}
        self._flushes: list[Callable[[], None]] = []
        self._further: list[Callable[[], Iterator[Metric]]] = []
        self.registry = registry or CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def face(self, name: str) -> FaceCounters:
        """Return the counters of a face, the same one each time."""
        return self._faces.setdefault(name, FaceCounters(name))

    def committed(self, seconds: float, items: int) -> None:
        """Count one commit group of the register."""
        self._commit_seconds.add(seconds)
        self._batch_items.add(items)

    def read_register(self, stats: Callable[[], "RegisterStats"]) -> None:
        """Take the register's figures from here at each scrape."""
        self._register = stats

    def read_computed(self, count: Callable[[], int]) -> None:
        """Take the number of computed identifiers, which nobody wrote, from here at each scrape."""
        self._computed = count

    def read_injected(self, struck: "Callable[[], Mapping[str, int]]") -> None:
        """Take from here at each scrape how often each fault was injected."""
        self._injected = struck

    def read_lag(self, lag: LagProbe) -> None:
        """Take the event loop's lag from here at each scrape."""
        self._lag = lag

    def read_turned_away(self, *counts: Mapping[str, int]) -> None:
        """Take from here at each scrape how many requests each face turned away."""
        self._turned_away = list(counts)

    def read_ready(self, ready: Callable[[], bool]) -> None:
        """Take from here at each scrape whether traffic is wanted."""
        self._ready = ready

    def read_disk(self, folder: Path) -> None:
        """Ask for the room on the disk of this folder at each scrape."""
        self._folder = folder

    def read_date(self, what: str, text: str, date: Callable[[], float]) -> None:
        """Take the time of an event from here at each scrape, in epoch seconds; 0: there is none."""
        self._dates[what] = text, date

    def read_connections(self, face: str, count: Callable[[], int]) -> None:
        """Take the number of open connections of a face from here at each scrape."""
        self._connections[face] = count

    def read_further(self, collect: Callable[[], Iterator[Metric]]) -> None:
        """Have the metrics of a part that not every node has among the others at each scrape."""
        self._further.append(collect)

    def read_queue(self, face: str, state: Callable[[], tuple[int, int]]) -> None:
        """Take from here at each scrape how many bytes wait for a face in the system, and how many may."""
        self._queues[face] = state

    def flush_first(self, flush: Callable[[], None]) -> None:
        """Have this called before counters are read: it tells the counters what was counted elsewhere."""
        self._flushes.append(flush)

    def flush(self) -> None:
        """Have what was counted elsewhere told to the counters."""
        for flush in self._flushes:
            flush()

    def lift_registrations(self, identifiers: int) -> None:
        """Make the lifetime registrations at least the number of identifiers that the log holds."""
        volume = self.persistent_counters()["registrations"]
        missing = identifiers - sum(n for (_, outcome), n in volume.items() if outcome == SUCCESS)
        if missing > 0:
            before = self._before["registrations"]
            before[FROM_LOG, SUCCESS] = before.get((FROM_LOG, SUCCESS), 0) + missing

    def persistent_counters(self) -> Volume:
        """Return registrations and resolutions by face and outcome since the first start."""
        self.flush()
        volume = {kind: dict(counts) for kind, counts in self._before.items()}
        for counters in self._faces.values():
            for kind, counts in (
                ("registrations", counters.registrations),
                ("resolutions", counters.resolutions),
            ):
                for response_code, count in counts.items():
                    key = (counters.name, outcome_of(response_code))
                    volume[kind][key] = volume[kind].get(key, 0) + count
        return volume

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the exposition and its content type, in the format that the scraper accepts best."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def collect(self) -> Iterator[Metric]:
        """Yield every metric; called by Prometheus' registry at each scrape."""
        yield from self._volume()
        yield from self._requests()
        yield from self._commits()
        if self._register is not None:
            yield from _register_metrics(self._register(), self._computed())
        yield _gauge("idnode_ready", "Whether traffic is wanted.", float(self._ready()))
        injected = CounterMetricFamily(
            "idnode_injected_faults", "Faults injected on purpose.", labels=("fault",)
        )
        for fault, times in self._injected().items():
            injected.add_metric((fault,), times)
        yield injected
        yield from self._resources()
        yield _gauge(
            "idnode_loop_lag_seconds", "Worst recent delay of the event loop.", self._lag.seconds()
        )
        yield self._shed()
        for collect in self._further:
            yield from collect()
        yield InfoMetricFamily(
            "idnode_build",
            "What is running: version, and core (native or python).",
            {"version": self._facts.version, "core": self._facts.core},
        )

    def _volume(self) -> Iterator[Metric]:
        volume = self.persistent_counters()
        helps = {
            "registrations": "Identifiers asked to be registered, over the node's lifetime.",
            "resolutions": "Identifiers asked for, over the node's lifetime.",
        }
        for kind, text in helps.items():
            family = CounterMetricFamily(f"idnode_{kind}", text, labels=("face", "outcome"))
            silent = {(face, label): 0 for face in self._faces for label in LABELS}
            for labels, count in sorted((silent | volume[kind]).items()):
                family.add_metric(labels, count)
            yield family
        facts = self._facts
        yield _gauge(
            "idnode_target_registrations", "Registrations to reach.", facts.target_registrations
        )
        yield _gauge("idnode_target_resolutions", "Resolutions to reach.", facts.target_resolutions)

    def _requests(self) -> Iterator[Metric]:
        seconds = HistogramMetricFamily(
            "idnode_request_seconds",
            "Time from a request's arrival to its answer handed over, waiting to be read included.",
            labels=("face", "operation"),
        )
        connections = GaugeMetricFamily("idnode_connections", "Open connections.", labels=("face",))
        malformed = CounterMetricFamily(
            "idnode_malformed", "Input that was no message.", labels=("face", "reason")
        )
        faults = CounterMetricFamily(
            "idnode_faults", "Requests failed by the node's own fault.", labels=("face", "outcome")
        )
        dropped = CounterMetricFamily(
            "idnode_dropped", "Datagrams lost to a full buffer of the node.", labels=("face",)
        )
        queued = GaugeMetricFamily(
            "idnode_receive_queue_bytes", "Datagrams received, not read yet.", labels=("face",)
        )
        room = GaugeMetricFamily(
            "idnode_receive_queue_limit_bytes", "Room for datagrams not read yet.", labels=("face",)
        )
        for face in self._faces.values():
            for operation, timing in face.timings.items():
                if operation == "resolve" or any(timing.counts):
                    seconds.add_metric(
                        (face.name, operation), list(timing.cumulative()), timing.total
                    )
            for outcome, times in face.faults.items():
                faults.add_metric((face.name, outcome), times)
            for reason, times in ({OTHER_REASON: 0} | face.malformed_by_reason).items():
                malformed.add_metric((face.name, reason), times)
            dropped.add_metric((face.name,), face.datagrams_dropped)
        for name, count in self._connections.items():
            connections.add_metric((name,), count())
        for name, state in self._queues.items():
            for family, found in zip((queued, room), state(), strict=True):
                family.add_metric((name,), found)
        yield from (faults, seconds, connections, malformed, dropped, queued, room)

    def _resources(self) -> Iterator[Metric]:
        for what, (text, date) in self._dates.items():
            yield _gauge(f"idnode_{what}_timestamp_seconds", text, date())
        if self._folder is not None:
            disk = disk_of(self._folder)
            yield _gauge(
                "idnode_disk_free_bytes", "Room on the data directory's disk.", disk.free_bytes
            )
            yield _gauge(
                "idnode_disk_size_bytes", "Size of the data directory's disk.", disk.size_bytes
            )
        yield _gauge(
            "idnode_memory_bytes",
            "Memory of the process's own, mapped files excluded.",
            own_memory_bytes(),
        )
        yield _gauge(
            "idnode_memory_limit_bytes", "Memory that the process may take.", self._memory_limit
        )

    def _shed(self) -> Metric:
        shed = CounterMetricFamily(
            "idnode_shed",
            "Requests turned away because they waited too long for their turn.",
            labels=("face",),
        )
        for face in self._faces:
            shed.add_metric((face,), sum(counts.get(face, 0) for counts in self._turned_away))
        return shed

    def _commits(self) -> Iterator[Metric]:
        for name, text, distribution in (
            (
                "idnode_loop_delay_seconds",
                "How late the event loop had its turns, several times a second.",
                self._lag.histogram,
            ),
            ("idnode_commit_seconds", "Time one group commit took.", self._commit_seconds),
            ("idnode_batch_items", "Mutations that one group commit carried.", self._batch_items),
        ):
            yield HistogramMetricFamily(
                name, text, list(distribution.cumulative()), distribution.total
            )


def _register_metrics(stats: "RegisterStats", computed: int) -> Iterator[Metric]:
    identifiers = GaugeMetricFamily(
        "idnode_identifiers", "Identifiers that resolve here.", labels=("origin",)
    )
    identifiers.add_metric(("written",), stats.identifiers)
    identifiers.add_metric(("virtual",), computed)
    yield identifiers
    yield _gauge("idnode_writable", "Whether writes are taken.", float(not stats.unwritable))
    figures = dict(stats.figures)
    log = GaugeMetricFamily("idnode_log_bytes", "Bytes in the log.", labels=("state",))
    for state in ("live", "dead"):
        if (found := figures.pop(f"log_{state}_bytes", None)) is not None:
            log.add_metric((state,), found)
    yield log
    for figure, (name, text) in _FIGURES.items():
        if (found := figures.pop(figure, None)) is not None:
            yield _gauge(name, text, found)
    others = GaugeMetricFamily(
        "idnode_register", "Further figures of the register's engine.", labels=("figure",)
    )
    for figure, found in sorted(figures.items()):
        others.add_metric((figure,), found)
    yield others


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
