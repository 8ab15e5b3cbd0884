"""Node: whether it answers in time and without fault, and what it may run out of."""

from collections.abc import Iterator
from typing import Final

from deploy.dashboards.panels import (
    QUIET,
    Look,
    Query,
    Section,
    board,
    heat,
    lines,
    meaning,
    name,
    number,
    some,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

SECONDS: Final = Look("s", empty=QUIET)
BYTES: Final = Look("bytes")
PER_SECOND: Final = Look("cps")
SHARE: Final = Look("percentunit", decimals=3)

WRITTEN: Final = 'sum(idnode_identifiers{$NODES,origin="written"})'

DESCRIPTION: Final = (
    "One node from the outside in: presence, requests, writes, process. The alerts that read the same figures are"
    " explained in deploy/README.md."
)


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return board(
        "idnode-node",
        "idnode: node",
        DESCRIPTION,
        Section("Presence", [*_presence(), *_upkeep()]),
        Section("Requests", [*_requests(), *_peers()]),
        Section("Writes and the register", [*_writes(), *_register()]),
        Section("Process and machine", [*_process(), *_machine()]),
        since="now-3h",
        refresh="15s",
    )


def _presence() -> Iterator[Builder[Panel]]:
    yield number(
        "State",
        "Whether the node wants traffic. It does not while it starts and while it drains.",
        Query("min(idnode_ready{$NODES})", "ready"),
        look=Look(),
        meanings=(meaning({"0": "not ready", "1": "ready"}),),
    )
    yield number(
        "Alerts firing",
        "Of all alerts on idnode, now.",
        Query('count(ALERTS{alertname=~"Idnode.*",alertstate="firing"}) or vector(0)', "firing"),
        look=Look(decimals=0),
    )
    yield name(
        "Version and core",
        "What is running: the compiled core (native) or the Python one.",
        Query("idnode_build_info{$NODES}", "{{version}} {{core}}"),
    )
    yield number(
        "Up for",
        "Since the process began.",
        Query("time() - max(process_start_time_seconds{$NODES})", "up"),
        look=Look("s", decimals=0),
    )
    yield number(
        "Restarts, last day",
        "How often the process began anew.",
        Query("sum(changes(process_start_time_seconds{$NODES}[1d]))", "restarts"),
        look=Look(decimals=0),
    )
    yield number(
        "Failing, last 5 min",
        "Requests answered `error` or `busy`, as a share of all; the objective allows 0.1 %.",
        Query(
            "sum(face:idnode_failures:rate5m{$NODES})"
            " / clamp_min(sum(face:idnode_requests:rate5m{$NODES}), 1e-6)",
            "failing",
        ),
        look=SHARE,
    )
    yield number(
        "Slower than 10 ms, last 5 min",
        "Resolutions, as a share of all; the objective allows 1 %.",
        Query(
            "sum(face:idnode_resolve_slow:rate5m{$NODES})"
            " / clamp_min(sum(face:idnode_resolve:rate5m{$NODES}), 1e-6)",
            "slow",
        ),
        look=SHARE,
    )


def _upkeep() -> Iterator[Builder[Panel]]:
    yield number(
        "Certificate ends in",
        "Until the certificate of the HTTPS port runs out. The node renews its own at a start; yours is yours to renew.",
        Query("min(idnode_certificate_expiry_timestamp_seconds{$NODES}) - time()", "left"),
        look=Look("s", decimals=0),
    )
    yield number(
        "Last snapshot",
        "Since the newest snapshot in the data directory was taken.",
        Query(
            "(time() - max(idnode_snapshot_timestamp_seconds{$NODES} > 0)) or on() vector(-1)",
            "ago",
        ),
        look=Look("s", decimals=0),
        meanings=(meaning({"-1": "none there"}),),
    )


def _requests() -> Iterator[Builder[Panel]]:
    yield heat(
        "Time to resolve",
        "From the last byte read to the answer handed over, at every face. Two bands are two ways through the node;"
        " a band that rises is saturation.",
        Query(
            'sum by (le) (rate(idnode_request_seconds_bucket{$NODES,operation="resolve"}[$__rate_interval]))',
            "{{le}}",
        ),
    )
    yield lines(
        "Time to resolve, by face",
        "Median and 99th percentile over five minutes, interpolated within the buckets.",
        Query(
            some("max by (face) (face:idnode_resolve_seconds:p50_5m{$NODES})", "face"),
            "{{face}} p50",
        ),
        Query(
            some("max by (face) (face:idnode_resolve_seconds:p99_5m{$NODES})", "face"),
            "{{face}} p99",
        ),
        look=SECONDS,
        span=12,
    )
    yield lines(
        "Requests by face",
        "Requests per second; a batch is one.",
        Query(some("sum by (face) (face:idnode_requests:rate5m{$NODES})", "face"), "{{face}}"),
        look=PER_SECOND._replace(stacked=True),
    )
    yield lines(
        "What did not succeed, by outcome",
        "Identifiers per second, those of batches each. Only `error` and `busy` are the node's own fault.",
        Query(
            some(
                '(sum by (outcome) (delta(idnode_resolutions_total{$NODES,outcome!="success"}[5m]))'
                ' + sum by (outcome) (delta(idnode_registrations_total{$NODES,outcome!="success"}[5m])))'
                " / 300",
                "outcome",
            ),
            "{{outcome}}",
        ),
        look=PER_SECOND,
    )
    yield lines(
        "Requests by operation",
        "Requests per second; a batch is one.",
        Query(
            some(
                "sum by (operation) (rate(idnode_request_seconds_count{$NODES}[$__rate_interval]))",
                "operation",
            ),
            "{{operation}}",
        ),
        look=Look("reqps", stacked=True),
    )


def _peers() -> Iterator[Builder[Panel]]:
    yield lines(
        "Failed by the node's fault",
        "Requests per second that were answered `busy` (refused, try later) or `error`, at each face.",
        Query(
            some(
                "sum by (face, outcome) (rate(idnode_faults_total{$NODES}[$__rate_interval]))",
                "outcome",
            ),
            "{{face}} {{outcome}}",
        ),
        look=Look("reqps"),
    )
    yield lines(
        "Open connections",
        "TCP of the Handle protocol, and HTTP.",
        Query("sum by (face) (idnode_connections{$NODES})", "{{face}}"),
        look=Look(decimals=0),
    )
    yield lines(
        "Input that was no message",
        "Per second, by face and reason. A few come from scanners; many, from a broken client.",
        Query(
            some(
                "sum by (face, reason) (rate(idnode_malformed_total{$NODES}[$__rate_interval]))",
                "reason",
            ),
            "{{face}} {{reason}}",
        ),
        look=PER_SECOND,
    )
    yield lines(
        "Datagrams lost",
        "Per second. They found a buffer full, and their clients ask again after seconds.",
        Query("sum(rate(idnode_dropped_total{$NODES}[$__rate_interval]))", "lost"),
        look=PER_SECOND,
    )
    yield lines(
        "Refused because they had waited",
        "Requests per second, at each face, while the node was beyond its capacity.",
        Query(
            some("sum by (face) (rate(idnode_shed_total{$NODES}[$__rate_interval]))", "face"),
            "{{face}}",
        ),
        look=Look("reqps"),
    )
    yield lines(
        "Datagrams not read yet",
        "What waits in the system, as a share of the room for it; at one hundred percent the next ones are lost.",
        Query(
            "sum by (instance) (idnode_receive_queue_bytes{$NODES})"
            " / clamp_min(sum by (instance) (idnode_receive_queue_limit_bytes{$NODES}), 1)",
            "{{instance}}",
        ),
        look=Look("percentunit", ceiling=1),
    )


def _writes() -> Iterator[Builder[Panel]]:
    yield lines(
        "Write queue",
        "Mutations waiting to commit. At the limit, further ones are answered busy.",
        Query("idnode_write_queue_items{$NODES}", "waiting"),
        Query("max_over_time(idnode_write_queue_items{$NODES}[1h])", "most within an hour"),
        Query("idnode_write_queue_limit_items{$NODES}", "limit"),
        look=Look(decimals=0),
    )
    yield lines(
        "Time of a commit",
        "One group: append, sync, apply. With durability `commit` it is the disk's sync.",
        Query(some("max(instance:idnode_commit_seconds:p50_5m{$NODES})", "quantile"), "p50"),
        Query(some("max(instance:idnode_commit_seconds:p99_5m{$NODES})", "quantile"), "p99"),
        look=SECONDS,
    )
    yield lines(
        "Commits and what they carry",
        "Groups per second, and mutations in a group on average: the busier, the larger the groups.",
        Query(
            "sum(rate(idnode_commit_seconds_count{$NODES}[$__rate_interval]))", "commits per second"
        ),
        Query(
            "sum(rate(idnode_batch_items_sum{$NODES}[$__rate_interval]))"
            " / clamp_min(sum(rate(idnode_batch_items_count{$NODES}[$__rate_interval])), 1e-6)",
            "mutations a commit",
        ),
        look=Look(),
    )


def _register() -> Iterator[Builder[Panel]]:
    yield lines(
        "Log",
        "Live bytes are records in force, dead ones superseded; compaction begins when half is dead.",
        Query("sum by (state) (idnode_log_bytes{$NODES})", "{{state}}"),
        look=BYTES._replace(stacked=True),
    )
    yield lines(
        "Index",
        "Memory of the index.",
        Query("idnode_index_bytes{$NODES}", "index"),
        look=BYTES,
    )
    yield lines(
        "Index bytes per identifier",
        "Memory of the index divided by the written identifiers; zero below ten thousand, where it is the smallest"
        " index that is divided.",
        Query(
            f"sum(idnode_index_bytes{{$NODES}}) / clamp_min({WRITTEN}, 1) * ({WRITTEN} >= bool 1e4)",
            "bytes",
        ),
        look=BYTES,
    )


def _process() -> Iterator[Builder[Panel]]:
    yield lines(
        "Delay of the event loop",
        "The worst of the last 15 to 30 s. While it is delayed, nothing is answered.",
        Query("idnode_loop_lag_seconds{$NODES}", "worst"),
        look=Look("s"),
    )
    yield lines(
        "Garbage collections",
        "Per second, by generation. The oldest generation pauses longest.",
        Query(
            "sum by (generation) (rate(python_gc_collections_total{$NODES}[$__rate_interval]))",
            "generation {{generation}}",
        ),
        look=PER_SECOND,
    )
    yield lines(
        "Processor",
        "Cores in use. One event loop and one writer: more than two cannot be.",
        Query("rate(process_cpu_seconds_total{$NODES}[$__rate_interval])", "cores"),
        look=Look(decimals=2),
    )


def _machine() -> Iterator[Builder[Panel]]:
    yield lines(
        "Memory",
        "The process's own, without mapped files, and what it may take.",
        Query("idnode_memory_bytes{$NODES}", "own"),
        Query("process_resident_memory_bytes{$NODES}", "with mapped files"),
        Query("idnode_memory_limit_bytes{$NODES}", "limit"),
        look=BYTES,
    )
    yield lines(
        "Disk",
        "Room on the disk of the data directory.",
        Query("idnode_disk_free_bytes{$NODES}", "free"),
        Query("idnode_disk_size_bytes{$NODES}", "size"),
        look=BYTES,
    )
    yield lines(
        "Descriptors",
        "Open files and connections, and how many may be.",
        Query("process_open_fds{$NODES}", "open"),
        Query("process_max_fds{$NODES}", "limit"),
        look=Look(decimals=0),
    )
