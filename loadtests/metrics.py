"""The running load test for Prometheus, read from the ledger at each scrape."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from idnode.loadtests.latency import Latencies, bucket_top

if TYPE_CHECKING:
    from idnode.loadtests.ledger import Ledger

BUCKETS: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025),
    *(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Upper bounds of the histograms' buckets, in seconds."""


class Metrics:
    """Collects what a dashboard of a load test needs; a name and its labels never change."""

    def __init__(
        self,
        ledger: Callable[[], "Ledger"],
        *,
        users: Callable[[], int],
        target: Callable[[], float],
    ) -> None:
        self._read = ledger
        self._users = users
        self._target = target

    def collect(self) -> Iterator[Metric]:
        """Give every metric with its present value."""
        ledger = self._read()
        yield from self._requests(ledger)
        yield from self._arrivals(ledger)
        yield from self._processes(ledger)
        users = GaugeMetricFamily("idnode_load_users", "Users that are running")
        users.add_metric([], self._users())
        yield users
        target = GaugeMetricFamily(
            "idnode_load_target",
            "Arrivals a second (open) or users (closed) that the shape asks for",
        )
        target.add_metric([], self._target())
        yield target

    def _requests(self, ledger: "Ledger") -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "idnode_load_requests",
            "Requests by face, operation and outcome",
            labels=("face", "operation", "outcome"),
        )
        items = CounterMetricFamily(
            "idnode_load_items", "Identifiers in answered requests", labels=("face", "operation")
        )
        latency = HistogramMetricFamily(
            "idnode_load_seconds",
            "Latency from the intended time (corrected=yes) or from sending (corrected=no)",
            labels=("face", "operation", "corrected"),
        )
        for (face, name), found in list(ledger.operations.items()):
            requests.add_metric([face, name, "answered"], found.requests - found.failed)
            requests.add_metric([face, name, "failed"], found.failed)
            items.add_metric([face, name], found.items)
            for corrected, durations in (("yes", found.corrected), ("no", found.uncorrected)):
                latency.add_metric(
                    [face, name, corrected], buckets_of(durations), sum_value=durations.total
                )
        yield from (requests, items, latency)

    def _arrivals(self, ledger: "Ledger") -> Iterator[Metric]:
        arrivals = CounterMetricFamily(
            "idnode_load_arrivals",
            "Planned arrivals by face: sent, or dropped because no user was free in time",
            labels=("face", "outcome"),
        )
        for face, found in list(ledger.planned.items()):
            arrivals.add_metric([face, "sent"], found.planned - found.dropped)
            arrivals.add_metric([face, "dropped"], found.dropped)
        yield arrivals

    def _processes(self, ledger: "Ledger") -> Iterator[Metric]:
        cpu = CounterMetricFamily(
            "idnode_load_cpu_seconds", "Processor time of the load processes", labels=("process",)
        )
        lag = HistogramMetricFamily(
            "idnode_load_lag_seconds",
            "How late the load processes woke for what they had planned",
            labels=("process",),
        )
        for number, found in enumerate(list(ledger.processes.values())):
            cpu.add_metric([str(number)], found.cpu_seconds)
            lag.add_metric([str(number)], buckets_of(found.lag), sum_value=found.lag.total)
        yield from (cpu, lag)


def buckets_of(durations: Latencies) -> list[tuple[str, float]]:
    """Return the cumulative counts at `BUCKETS` and at infinity."""
    tops = sorted((bucket_top(bucket) / 1e6, count) for bucket, count in durations.counts.items())
    found: list[tuple[str, float]] = []
    passed, at = 0, 0
    for bound in BUCKETS:
        while at < len(tops) and tops[at][0] <= bound:
            passed += tops[at][1]
            at += 1
        found.append((repr(bound), passed))
    return [*found, ("+Inf", durations.count)]


def serve(metrics: Metrics, port: int) -> None:
    """Answer `/metrics` on a port of the loopback; under gevent it runs in a greenlet."""
    registry = CollectorRegistry()
    registry.register(metrics)
    start_http_server(port, addr="127.0.0.1", registry=registry)
