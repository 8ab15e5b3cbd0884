"""Resolving over UDP on one core while eight clients log in with PBKDF2 on another.

Every login costs some milliseconds of processor time in the client and as much in the node. The clients are pinned
to one core, node and generator to another, in the idle measurement too. So what is measured is what the node's own
work for logins takes from its resolutions, and not how the system shares out too few cores among ten processes.

The rate may fall by no more than the share of the core that the node's threads spend on logins: those that did
nothing in the idle measurement. The 99th percentile of a closed loop, taken in the same runs, must stay within three
times of idle. The open loop, at half of the idle rate, is told beside it without a bound: its generator shares the
core, and is held up as well as the node whenever the system lets a login's turn run to its end.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.administration import ADMIN
from benchmarks.machine import cpu_seconds, thread_seconds
from benchmarks.native_tools import LoadReport, load
from benchmarks.records import HANDLES_ASKED_MAX, small_handle, write_handles
from benchmarks.row import Row
from benchmarks.udp import OPEN_LOOP_SHARE
from idnode.clients import blocking, dialogues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.config import Config
    from benchmarks.node_process import NodeProcess

LOGINS = 8
WINDOW = 4
P99_RATIO_MAX = 3.0
_WORKED_SHARE = 0.05
"""A thread that used less of a core than this in the idle measurement does not resolve."""
_PEER = "ours without logins"


@dataclass(frozen=True, slots=True)
class _Run:
    """Holds what one measurement found; seconds of processor time are shares of one core."""

    report: LoadReport
    threads: dict[int, float]
    """By thread of the node."""
    clients: float
    """Of all login clients together."""

    def spent_on_logins(self, idle: _Run) -> float:
        """Return what the node's threads used that do not resolve."""
        return sum(
            used
            for thread, used in self.threads.items()
            if idle.threads.get(thread, 0.0) < _WORKED_SHARE
        )


def run(config: Config) -> list[Row]:
    """Measure closed and open loop on the shared node, or one of our own."""
    cores = sorted(os.sched_getaffinity(0))
    what = f"UDP resolve, one core, beside {LOGINS} clients logging in with PBKDF2"
    if len(cores) < 2:
        return [Row(what, peer="takes two cores")]
    with (
        tempfile.TemporaryDirectory() as folder,
        config.serving() as node,
        _pinned(node.pid, cores[0]),
    ):
        asked = range(min(config.identifiers, HANDLES_ASKED_MAX))
        handles = write_handles(Path(folder) / "handles", map(small_handle, asked))
        bench = _Bench(node, handles, cores[1], max(config.seconds, 2.0))
        closed = config.interleaved(
            {
                "idle": lambda: bench.measured(window=WINDOW),
                "logins": lambda: bench.beside_logins(window=WINDOW),
            },
            what=what,
        )
        rate = round(median(each.report.rate for each in closed["idle"]) * OPEN_LOOP_SHARE, -2)
        opened = config.interleaved(
            {
                "idle": lambda: bench.measured(window=4096, rate=rate),
                "logins": lambda: bench.beside_logins(window=4096, rate=rate),
            },
            what=f"{what}: open loop",
        )
    return [
        _rate_row(what, closed["logins"], closed["idle"]),
        _p99_row(f"{what}: p99 ÷ p99 idle, window {WINDOW}", closed, at_most=P99_RATIO_MAX),
        _p99_row(f"{what}: p99 ÷ p99 idle, open loop at {rate:,.0f}/s", opened),
    ]


def _rate_row(what: str, beside: list[_Run], idle: list[_Run]) -> Row:
    taken = median(run.spent_on_logins(before) for run, before in zip(beside, idle, strict=True))
    clients = median(run.clients for run in beside)
    ours = tuple(run.report.rate for run in beside)
    peers = tuple(run.report.rate for run in idle)
    change = median(mine / theirs for mine, theirs in zip(ours, peers, strict=True)) - 1
    return Row(
        what=f"{what}: window {WINDOW}",
        ours=ours,
        peer=_PEER,
        peers=peers,
        note=f"rate {change:+.1%}; logins take {taken:.1%} of this core, "
        f"their clients {clients:.1%} of the other",
        at_least=round(1 - taken, 3),
    )


def _p99_row(what: str, runs: dict[str, list[_Run]], at_most: float | None = None) -> Row:
    pairs = list(zip(runs["logins"], runs["idle"], strict=True))
    beside, idle = (run.report for run in sorted(pairs, key=_p99_ratio)[len(pairs) // 2])
    note = f"p99 {beside.latency['p99']:.0f}, idle {idle.latency['p99']:.0f} µs"
    if late := beside.send_lag:
        note += f"; generator late by {late['p99']:.0f}, idle {idle.send_lag['p99']:.0f} µs (p99)"
    return Row(what=what, ours=tuple(map(_p99_ratio, pairs)), unit="×", note=note, at_most=at_most)


def _p99_ratio(pair: tuple[_Run, _Run]) -> float:
    beside, idle = pair
    return beside.report.latency["p99"] / idle.report.latency["p99"]


@dataclass(frozen=True, slots=True)
class _Bench:
    """A node to be asked, and the core for clients that log in."""

    node: NodeProcess
    handles: Path
    login_core: int
    seconds: float

    def measured(self, *clients: Any, **options: object) -> _Run:
        """Ask the node, and account for what its threads and these client processes use meanwhile."""
        before = thread_seconds(self.node.pid)
        clients_before = sum(cpu_seconds(client.pid) for client in clients)
        started = time.perf_counter()
        report = load(
            "udp_load", self.node.udp, handles=self.handles, seconds=self.seconds, **options
        )
        passed = time.perf_counter() - started
        after = thread_seconds(self.node.pid)
        used = {thread: after[thread] - before.get(thread, 0.0) for thread in after}
        clients_used = sum(cpu_seconds(client.pid) for client in clients) - clients_before
        shares = {thread: seconds / passed for thread, seconds in used.items()}
        return _Run(report, shares, clients_used / passed)

    def beside_logins(self, **options: object) -> _Run:
        """Do so while clients log in again and again."""
        context = multiprocessing.get_context("spawn")
        ready = context.Barrier(LOGINS + 1)
        given = ("127.0.0.1", self.node.tcp.port), self.login_core, ready
        crowd = [
            context.Process(target=_log_in_for_ever, args=given, daemon=True) for _ in range(LOGINS)
        ]
        with ExitStack() as ends:
            for client in crowd:
                client.start()
                ends.callback(client.join)
                ends.callback(client.terminate)
            ready.wait(60)
            return self.measured(*crowd, **options)


@contextmanager
def _pinned(process: int, core: int) -> Iterator[None]:
    """Keep a process, this one and those started meanwhile on one core while the block runs."""
    before = os.sched_getaffinity(0)
    _pin(process, {core})
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
        _pin(process, before)


def _pin(process: int, cores: set[int]) -> None:
    for thread in thread_seconds(process):
        os.sched_setaffinity(thread, cores)


def _log_in_for_ever(address: tuple[str, int], core: int, ready: Any) -> None:
    os.sched_setaffinity(0, {core})
    with blocking.Client(address) as client:
        client.do(dialogues.log_in(ADMIN))
        ready.wait()
        while True:
            client.do(dialogues.log_in(ADMIN))
