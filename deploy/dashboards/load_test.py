"""Load test: what the node sees of a load, second by second; the clients' view is in the report of the load tool."""

from collections.abc import Iterator
from typing import Final

from deploy.dashboards.panels import QUIET, Look, Query, Section, board, heat, lines, some
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

SECONDS: Final = Look("s", empty=QUIET)
PER_SECOND: Final = Look("cps")

QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}

DESCRIPTION: Final = (
    "The node under load. Times are the node's own: from a request's arrival to the answer handed over. What a client"
    " waited on top of that, in the network and in queues of its own, the load tool tells: the last section."
)


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return board(
        "idnode-load-test",
        "idnode: load test",
        DESCRIPTION,
        Section("Carried", _carried()),
        Section("How fast", _speed()),
        Section("What it costs", _cost()),
        Section("What waits, and what is lost", [*_waits(), *_lost()]),
        Section("The client's view", _clients()),
        since="now-15m",
        refresh="5s",
    )


def _total(what: str, by: str) -> str:
    """Return the rate over a minute of one of the lifetime totals by a label."""
    return f"clamp_min(sum by ({by}) (delta(idnode_{what}_total{{$NODES}}[1m])), 0) / 60"


ANSWERED: Final = (
    f"(sum({_total('resolutions', 'instance')}) + sum({_total('registrations', 'instance')}))"
)
"""Identifiers answered in a second."""


def _carried() -> Iterator[Builder[Panel]]:
    for what in ("resolutions", "registrations"):
        yield lines(
            f"{what.capitalize()} by face",
            "Identifiers per second over the last minute.",
            Query(_total(what, "face"), "{{face}}"),
            look=PER_SECOND._replace(stacked=True),
        )
    yield lines(
        "Failed by the node's fault",
        "Requests per second that were answered `busy` (refused, try later) or `error`.",
        Query("sum by (outcome) (rate(idnode_faults_total{$NODES}[1m]))", "{{outcome}}"),
        look=PER_SECOND,
    )


def _speed() -> Iterator[Builder[Panel]]:
    yield heat(
        "Time to answer",
        "Every operation at every face.",
        Query(
            "sum by (le) (rate(idnode_request_seconds_bucket{$NODES}[$__rate_interval]))", "{{le}}"
        ),
    )
    yield lines(
        "Time to resolve",
        "Quantiles over all faces, interpolated within the buckets.",
        *(
            Query(
                some(
                    f"histogram_quantile({quantile}, sum by (le)"
                    ' (rate(idnode_request_seconds_bucket{$NODES,operation="resolve"}[$__rate_interval])))',
                    "quantile",
                ),
                name,
            )
            for name, quantile in QUANTILES.items()
        ),
        look=SECONDS,
        span=12,
    )


def _cost() -> Iterator[Builder[Panel]]:
    yield lines(
        "Processor",
        "Cores in use; near one, the event loop is what limits.",
        Query(
            "sum by (instance) (rate(process_cpu_seconds_total{$NODES}[$__rate_interval]))",
            "{{instance}}",
        ),
        look=Look(decimals=2),
    )
    yield lines(
        "Processor time of an answer",
        "Processor seconds divided by identifiers answered, over a minute; zero below one a second, where it says nothing.",
        Query(
            f"sum(rate(process_cpu_seconds_total{{$NODES}}[1m])) / clamp_min({ANSWERED}, 1)"
            f" * ({ANSWERED} >= bool 1)",
            "a single answer",
        ),
        look=SECONDS,
    )
    yield lines(
        "Memory",
        "The process's own, without mapped files.",
        Query("sum by (instance) (idnode_memory_bytes{$NODES})", "{{instance}}"),
        look=Look("bytes"),
    )


def _waits() -> Iterator[Builder[Panel]]:
    yield lines(
        "Open connections",
        "As many as the load tool has users of TCP and HTTP.",
        Query("sum by (face) (idnode_connections{$NODES})", "{{face}}"),
        look=Look(decimals=0),
        span=6,
    )
    yield lines(
        "Delay of the event loop",
        "The worst of the last 15 to 30 s.",
        Query("max(idnode_loop_lag_seconds{$NODES})", "worst"),
        look=Look("s"),
        span=6,
    )
    yield lines(
        "Write queue",
        "Mutations waiting to commit.",
        Query("sum(idnode_write_queue_items{$NODES})", "waiting"),
        look=Look(decimals=0),
        span=6,
    )
    yield lines(
        "Time of a commit",
        "99th percentile over a minute.",
        Query(
            some(
                "histogram_quantile(0.99, sum by (le) (rate(idnode_commit_seconds_bucket{$NODES}[1m])))",
                "quantile",
            ),
            "p99",
        ),
        look=SECONDS,
        span=6,
    )


def _lost() -> Iterator[Builder[Panel]]:
    yield lines(
        "Refused, and lost",
        "Per second: requests that had waited too long and were refused, and datagrams that nobody read in time.",
        Query("sum(rate(idnode_shed_total{$NODES}[$__rate_interval]))", "refused"),
        Query("sum(rate(idnode_dropped_total{$NODES}[$__rate_interval]))", "datagrams lost"),
        look=PER_SECOND,
        span=12,
    )
    yield lines(
        "Delay of the event loop, 99th percentile",
        "Of looks many times a second. A delay that stays is saturation; one that comes and goes is a pause.",
        Query(
            some(
                "histogram_quantile(0.99, sum by (le)"
                " (rate(idnode_loop_delay_seconds_bucket{$NODES}[$__rate_interval])))",
                "quantile",
            ),
            "p99",
        ),
        look=SECONDS,
        span=12,
    )


def _clients() -> Iterator[Builder[Panel]]:
    """Make the panels of the load tool's own metrics, which stand at zero while it does not run."""
    yield lines(
        "Requests by outcome, as clients saw them",
        "Per second, from the load tool (job `idnode-load` of Prometheus); zero while no test runs.",
        Query(
            some("sum by (outcome) (rate(idnode_load_requests_total[1m]))", "outcome"),
            "{{outcome}}",
        ),
        look=Look("reqps", stacked=True),
    )
    yield lines(
        "Time to answer, as clients saw it",
        "99th percentile over a minute, corrected (from when a request was due) and not (from when it was sent).",
        Query(
            some(
                "histogram_quantile(0.99, sum by (corrected, le) (rate(idnode_load_seconds_bucket[1m])))",
                "corrected",
            ),
            "corrected: {{corrected}}",
        ),
        look=SECONDS,
    )
    yield lines(
        "Users",
        "Those that run in the load tool.",
        Query("sum(idnode_load_users) or vector(0)", "users"),
        look=Look(decimals=0),
    )
