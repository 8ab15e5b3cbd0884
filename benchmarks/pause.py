"""Measures how long UDP answers pause while a bulk load grows the index: the longest latency of an open loop beside it.

The generator asks at a rate that takes little of the machine, each request at its planned time, and the latency
counts from the plan: a pause is charged to whoever would have asked in it. Meanwhile batches are registered over
HTTP, one after the other, without a rest. What the generator or the system itself was late is in the figure too.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bulk import CONNECTIONS, into_node
from benchmarks.native_tools import LoadReport, load
from benchmarks.records import BATCH_ITEMS, HANDLES_ASKED_MAX, batches, small_handle, write_handles
from benchmarks.row import Row

if TYPE_CHECKING:
    from benchmarks.config import Config
    from benchmarks.node_process import NodeProcess

RATE = 2_000
PAUSE_MICROSECONDS_MAX = 50_000
_LATE_SECONDS = 0.3
"""What the generator runs on before and after the load."""


def run(config: Config) -> list[Row]:
    """Measure the longest latency beside a bulk load, and beside nothing."""
    with tempfile.TemporaryDirectory() as name, config.serving() as node:
        count = min(config.identifiers, HANDLES_ASKED_MAX)
        handles = write_handles(Path(name) / "handles", map(small_handle, range(count)))
        series = (f"pause{number}" for number in range(config.repetitions))
        items = config.bulk_batches * BATCH_ITEMS
        what = f"UDP at {RATE:,}/s while {items:,} are registered: longest pause"
        measures = {
            "ours": lambda: _beside_load(node, handles, config.bulk_batches, next(series)),
            "idle": lambda: _asking(node, handles, 1.0),
        }
        found = config.interleaved(measures, what=what)
    ours, idle = found["ours"], found["idle"]
    worst = max(ours, key=lambda report: report.latency["max"])
    note = (
        f"p99 {worst.latency['p99']:.0f} p99.9 {worst.latency['p99.9']:.0f} µs, generator late by "
        f"{worst.send_lag['max']:.0f} µs (max); {worst.missing} missing"
    )
    return [
        Row(
            what=what,
            ours=tuple(report.latency["max"] for report in ours),
            peer="without the load",
            peers=tuple(report.latency["max"] for report in idle),
            unit="µs",
            note=note,
            at_most=PAUSE_MICROSECONDS_MAX,
        )
    ]


def _asking(node: NodeProcess, handles: Path, seconds: float) -> LoadReport:
    return load("udp_load", node.udp, handles=handles, rate=RATE, window=4096, seconds=seconds)


def _beside_load(node: NodeProcess, handles: Path, count: int, series: str) -> LoadReport:
    """Ask while so many batches are registered; how long that takes is measured by registering them once."""
    bodies = list(batches(count, series=series))
    first, rest = bodies[:CONNECTIONS], bodies[CONNECTIONS:]
    speed = into_node(node, first)
    seconds = len(rest) * BATCH_ITEMS / speed.rate + _LATE_SECONDS
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(_asking, node, handles, max(1.0, seconds))
        into_node(node, rest)
        return asking.result()
