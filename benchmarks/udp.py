"""Resolution over UDP beside a raw echo whose answers have the same size and number of datagrams.

Besides: Redis GETs without pipelining, with as many outstanding, and NSD, a name server in C, asked by the same
generator.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import nsd, redis
from benchmarks.native_tools import LoadReport, Server, echo, load
from benchmarks.records import (
    HANDLES_ASKED_MAX,
    large_handle,
    medium_handle,
    small_handle,
    write_handles,
)
from benchmarks.row import Row
from benchmarks.tcp import load_redis

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.config import Config
    from benchmarks.node_process import NodeProcess

WINDOWS = (1, 4, 64, 256)
WINDOWS_QUICK = (4, 64)
WINDOW = 64
OPEN_LOOP_SHARE = 0.5
"""Share of the closed-loop rate at which latency is measured: a loaded node, not one past its knee."""
P99_MICROSECONDS_MAX = 1000
_SAMPLE_REQUESTS = 200


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

    def of(self, node: NodeProcess) -> _Target:
        """Return the same questions to another node."""
        return replace(self, server=node.udp)

    def answer_shape(self) -> tuple[int, int]:
        """Return bytes and number of the datagrams of one answer."""
        sample = load("udp_load", self.server, handles=self.handles, requests=_SAMPLE_REQUESTS)
        pieces = max(1, round(sample.datagrams / max(1, sample.answered)))
        return round(sample.bytes / max(1, sample.datagrams)), pieces


def run(config: Config) -> list[Row]:
    """Measure closed loops by window and by answer, other servers, and latency in an open loop."""
    windows = WINDOWS if config.repetitions > 2 else WINDOWS_QUICK
    with tempfile.TemporaryDirectory() as name, config.serving() as node:
        config = replace(config, node=node)
        asked = _files(config, node, Path(name))
        small = asked["3 values"]
        bounds = {WINDOW: 0.75}
        rows = [_row(config, small, window, "3 values", bounds.get(window)) for window in windows]
        if config.large_identifiers:
            rows.append(_row(config, asked["8 values, 0.8 kB"], WINDOW, "8 values, 0.8 kB", 0.45))
            rows.append(_row(config, asked["14 values"], WINDOW, "14 values"))
        rows.append(_row(config, asked["not found"], WINDOW, "not found"))
        rows += _beside_redis(config, small)
        rows += _beside_nsd(config, small, Path(name))
        rows.append(_open_loop(config, small, median(rows[windows.index(WINDOW)].ours)))
    return rows


def _files(config: Config, node: NodeProcess, folder: Path) -> dict[str, _Target]:
    small = range(min(config.identifiers, HANDLES_ASKED_MAX))
    large = range(min(config.large_identifiers, HANDLES_ASKED_MAX))
    named = {
        "3 values": map(small_handle, small),
        "8 values, 0.8 kB": map(medium_handle, large),
        "14 values": map(large_handle, large),
        "not found": (small_handle(number, series="absent") for number in small),
    }
    if not large:
        del named["8 values, 0.8 kB"], named["14 values"]
    return {
        name: _Target(node.udp, write_handles(folder / name, handles), config.seconds)
        for name, handles in named.items()
    }


def _row(
    config: Config, target: _Target, window: int, answer: str, at_least: float | None = None
) -> Row:
    size, pieces = target.answer_shape()
    what = f"UDP resolve, {answer}, window {window}"
    with ExitStack() as stack:
        server = stack.enter_context(echo(size=size, datagrams=pieces))
        raw = _Target(server, target.handles, config.seconds)
        measures: dict[str, Callable[[], LoadReport]] = {
            **config.by_core(lambda node: target.of(node).closed(window)),
            "echo": lambda: raw.closed(window, echoed=pieces),
        }
        found = config.interleaved(measures, what=what)
    row = _paired(what, found, "echo", f"raw C echo, {pieces} × {size} B")
    return replace(row, at_least=at_least)


def _paired(what: str, found: dict[str, list[LoadReport]], name: str, peer: str) -> Row:
    ours, peers = found["ours"], found[name]
    return Row(
        what=what,
        ours=tuple(report.rate for report in ours),
        peer=peer,
        peers=tuple(report.rate for report in peers),
        note=f"{ours[-1].note()}; peer {peers[-1].note()}",
        pure=tuple(report.rate for report in found.get("pure", ())),
    )


def _beside_redis(config: Config, target: _Target) -> list[Row]:
    """Compare with GETs that are not pipelined, as many outstanding: one on each of 64 connections."""
    what = f"UDP resolve, 3 values, {WINDOW} outstanding"
    if not redis.installed():
        return [Row(what, peer=redis.NOT_INSTALLED, at_least=2.0)]
    with redis.serving() as server:
        load_redis(server.port, min(config.identifiers, HANDLES_ASKED_MAX))
        get = partial(
            load,
            "tcp_load",
            server,
            handles=target.handles,
            seconds=config.seconds,
            connections=WINDOW,
            window=1,
            protocol="redis",
        )
        measures = {"ours": partial(target.closed, WINDOW), "redis": get}
        found = config.interleaved(measures, what=what)
    row = _paired(what, found, "redis", f"Redis GET, {WINDOW} × 1")
    return [replace(row, at_least=2.0)]


def _beside_nsd(config: Config, target: _Target, folder: Path) -> list[Row]:
    what = f"UDP resolve, 3 values, window {WINDOW}"
    if nsd.program() is None:
        return [Row(what, peer=nsd.NOT_INSTALLED)]
    count = config.identifiers
    names = write_handles(folder / "names", map(nsd.name_of, range(min(count, HANDLES_ASKED_MAX))))
    with nsd.serving(count) as server:
        ask = partial(
            load,
            "udp_load",
            server,
            handles=names,
            window=WINDOW,
            seconds=config.seconds,
            warmup=config.seconds / 5,
            protocol="dns",
        )
        measures = {"ours": partial(target.closed, WINDOW), "nsd": ask}
        found = config.interleaved(measures, what=f"{what}, beside NSD")
    return [_paired(what, found, "nsd", f"NSD, TXT of {count:,} names")]


def _open_loop(config: Config, target: _Target, top: float) -> Row:
    """Latency at half of the top rate, which is what the closed loop reached, counted from the planned time of each request."""
    rate = round(top * OPEN_LOOP_SHARE, -2)
    what = f"UDP resolve, open loop at {rate:,.0f}/s: p99"
    found = config.interleaved({"ours": lambda: target.at_rate(rate)}, what=what)["ours"]
    middle = sorted(found, key=lambda report: report.latency["p99"])[len(found) // 2]
    latency = middle.latency
    note = (
        f"p50 {latency['p50']:.0f} p99.9 {latency['p99.9']:.0f} max {latency['max']:.0f} µs from the "
        f"plan; uncorrected p99 {middle.uncorrected['p99']:.0f} µs; "
        f"generator late by {middle.send_lag['p99']:.0f} µs (p99)"
    )
    if middle.faults:
        note += f"; {middle.missing} missing, {middle.wrong} wrong"
    return Row(
        what=what,
        ours=tuple(report.latency["p99"] for report in found),
        unit="µs",
        note=note,
        at_most=P99_MICROSECONDS_MAX,
    )
