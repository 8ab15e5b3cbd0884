"""Resolution over UDP beside a raw echo whose answers have the same size and number of datagrams."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.native_tools import LoadReport, Server, echo, load
from benchmarks.records import large_handle, small_handle, write_handles
from benchmarks.row import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.config import Config
    from benchmarks.node_process import NodeProcess

WINDOWS = (1, 4, 64, 256)
WINDOWS_QUICK = (4, 64)
OPEN_LOOP_SHARE = 0.5
"""Share of the closed-loop rate at which latency is measured: a loaded node, not one past its knee."""
_SAMPLE_REQUESTS = 200
_HANDLES_ASKED_MAX = 20_000


@dataclass(frozen=True, slots=True)
class _Target:
    """A server and a file of handles to ask it for."""

    server: Server
    handles: Path
    seconds: float

    def closed(self, window: int, *, echoed: int = 0) -> LoadReport:
        return load(
            "udp_load",
            self.server,
            handles=self.handles,
            window=window,
            seconds=self.seconds,
            warmup=self.seconds / 5,
            echo=echoed,
        )

    def at_rate(self, rate: float) -> LoadReport:
        return load(
            "udp_load",
            self.server,
            handles=self.handles,
            window=4096,
            rate=rate,
            seconds=max(self.seconds, 2),
            warmup=self.seconds / 5,
        )

    def answer_shape(self) -> tuple[int, int]:
        """Return bytes and number of the datagrams of one answer."""
        sample = load("udp_load", self.server, handles=self.handles, requests=_SAMPLE_REQUESTS)
        pieces = max(1, round(sample.datagrams / max(1, sample.answered)))
        return round(sample.bytes / max(1, sample.datagrams)), pieces


def run(config: Config) -> list[Row]:
    """Measure closed loops by window and by answer, and latency in an open loop."""
    windows = WINDOWS if config.repetitions > 2 else WINDOWS_QUICK
    with tempfile.TemporaryDirectory() as folder, config.serving() as node:
        small, large, absent = _files(config, node, Path(folder))
        rows = [_row(config, small, window, "3 values") for window in windows]
        if config.large_identifiers:
            rows.append(_row(config, large, 64, "14 values"))
        rows.append(_row(config, absent, 64, "not found"))
        rows.append(_open_loop(config, small))
    return rows


def _files(config: Config, node: NodeProcess, folder: Path) -> tuple[_Target, _Target, _Target]:
    small = range(min(config.identifiers, _HANDLES_ASKED_MAX))
    large = range(min(config.large_identifiers, _HANDLES_ASKED_MAX))
    named = {
        "small": map(small_handle, small),
        "large": map(large_handle, large),
        "absent": (small_handle(number, series="absent") for number in small),
    }
    found = [
        _Target(node.udp, write_handles(folder / name, handles), config.seconds)
        for name, handles in named.items()
    ]
    return found[0], found[1], found[2]


def _row(config: Config, target: _Target, window: int, answer: str) -> Row:
    size, pieces = target.answer_shape()
    what = f"UDP resolve, {answer}, window {window}"
    with ExitStack() as stack:
        server = stack.enter_context(echo(size=size, datagrams=pieces))
        raw = _Target(server, target.handles, config.seconds)
        measures: dict[str, Callable[[], LoadReport]] = {
            "ours": lambda: target.closed(window),
            "echo": lambda: raw.closed(window, echoed=pieces),
        }
        found = config.interleaved(measures, what=what)
    ours, peers = found["ours"], found["echo"]
    note = f"{ours[-1].note()}; peer {peers[-1].note()}"
    return Row(
        what=what,
        ours=tuple(report.rate for report in ours),
        peer=f"raw C echo, {pieces} × {size} B",
        peers=tuple(report.rate for report in peers),
        note=note,
    )


def _open_loop(config: Config, target: _Target) -> Row:
    """Latency at half of what the closed loop reached, counted from the planned time of each request."""
    rate = round(target.closed(64).rate * OPEN_LOOP_SHARE, -2)
    what = f"UDP resolve, open loop at {rate:,.0f}/s: p99"
    found = config.interleaved({"ours": lambda: target.at_rate(rate)}, what=what)["ours"]
    middle = sorted(found, key=lambda report: report.latency["p99"])[len(found) // 2]
    latency = middle.latency
    note = (
        f"p50 {latency['p50']:.0f} p99.9 {latency['p99.9']:.0f} max {latency['max']:.0f} µs from the "
        f"plan; uncorrected p99 {middle.uncorrected['p99']:.0f} µs"
    )
    if middle.generator_limited:
        note += f"; generator late by {middle.send_lag['p99']:.0f} µs (p99)"
    if middle.faults:
        note += f"; {middle.missing} missing, {middle.wrong} wrong"
    return Row(what=what, ours=tuple(r.latency["p99"] for r in found), unit="µs", note=note)
