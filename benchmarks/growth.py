"""UDP answers while a node's index grows: ``python -m benchmarks.growth --from 1e7 --to 1e8``.

Records of 90 bytes are registered over HTTP, in batches over several connections without a rest, first up to the one
size, then up to the other. During the second part the generator asks at a rate that takes little of the machine, in
rounds; the latency of each request counts from its planned time, so a pause is charged to whoever would have asked
in it. What the generator or the system was late itself is in the figure, and told beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks import machine
from benchmarks.native_tools import LoadReport, load
from benchmarks.node_process import NodeProcess, batch_headers, post_batch
from benchmarks.records import write_handles
from benchmarks.scale_records import KINDS, handle_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONNECTIONS = 4
BATCH_ITEMS = 50_000
RATE = 2_000
PAUSE_MICROSECONDS_MAX = 50_000
_ROUND_SECONDS = 5
_HANDLES_ASKED = 20_000


def main(given: list[str] | None = None) -> int:
    """Grow a node, ask it meanwhile, and say what the longest pause was; 1 when it was too long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--from", dest="start", type=float, default=1e7, help="identifiers (1e7)")
    parser.add_argument("--to", dest="end", type=float, default=1e8, help="identifiers (1e8)")
    asked = parser.parse_args(given)
    start, end = int(asked.start), int(asked.end)
    console = Console()
    console.print(machine.line(machine.describe()), highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with (
        NodeProcess.start() as node,
        tempfile.TemporaryDirectory() as name,
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
    ):
        task = progress.add_task("filling", total=end)
        _register(node, 0, start, lambda done: progress.update(task, completed=done))
        handles = write_handles(
            Path(name) / "handles", (handle_of(n).decode() for n in range(_HANDLES_ASKED))
        )
        progress.update(task, description="growing")
        began = time.perf_counter()
        with ThreadPoolExecutor(1) as pool:
            growing = pool.submit(
                _register, node, start, end, lambda done: progress.update(task, completed=done)
            )
            rounds = list(_ask_until(growing.done, node, handles))
            growing.result()
        seconds = time.perf_counter() - began
    console.print(_words(rounds, start, end, seconds, node.core), highlight=False)
    return int(max(each.latency["max"] for each in rounds) > PAUSE_MICROSECONDS_MAX)


def _register(node: NodeProcess, start: int, end: int, told: Callable[[int], None]) -> None:
    """Register these numbers, each connection a share of the batches."""
    headers = batch_headers()
    firsts = list(range(start, end, BATCH_ITEMS))

    def send(share: list[int]) -> None:
        connection = node.connection()
        for first in share:
            numbers = range(first, min(first + BATCH_ITEMS, end))
            post_batch(connection, KINDS["plain"].request(numbers), headers)
            told(first)
        connection.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(send, [firsts[number::CONNECTIONS] for number in range(CONNECTIONS)]))


def _ask_until(done: Callable[[], bool], node: NodeProcess, handles: Path) -> Iterator[LoadReport]:
    """Ask in rounds for as long as the growing takes, at least one."""
    while True:
        yield load(
            "udp_load", node.udp, handles=handles, rate=RATE, window=4096, seconds=_ROUND_SECONDS
        )
        if done():
            return


def _words(rounds: list[LoadReport], start: int, end: int, seconds: float, core: str) -> str:
    worst = max(rounds, key=lambda report: report.latency["max"])
    return (
        f"UDP at {RATE:,}/s while the index grows from {start:,} to {end:,} "
        f"({(end - start) / seconds:,.0f} identifiers/s, generator and client beside it; core: {core}):\n"
        f"longest pause {worst.latency['max'] / 1e3:.1f} ms (at most {PAUSE_MICROSECONDS_MAX / 1e3:.0f}), "
        f"its round's p99 {worst.latency['p99'] / 1e3:.2f} p99.9 {worst.latency['p99.9'] / 1e3:.2f} ms, "
        f"generator late by {worst.send_lag['max'] / 1e3:.1f} ms (max); "
        f"{sum(report.missing for report in rounds)} of {sum(report.sent for report in rounds):,} missing"
    )


if __name__ == "__main__":
    sys.exit(main())
