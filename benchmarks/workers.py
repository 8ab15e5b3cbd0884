"""Plain resolutions by two workers beside one, over HTTP and TCP, and beside Redis.

Generator and node share the machine: where it has no more cores than workers, the rate says what is left of them for the
node, and the processor time of a request what it takes.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import redis, wrk
from benchmarks.native_tools import load
from benchmarks.node_process import NodeProcess
from benchmarks.records import HANDLES_ASKED_MAX, fill, small_handle, write_handles
from benchmarks.row import Row
from benchmarks.tcp import load_redis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.config import Config
    from benchmarks.native_tools import LoadReport
    from benchmarks.row import Speed

WORKERS = 2
_SHAPE = {"connections": 64, "window": 8}
_WRK = ((16, 1, None), (64, 2, 1.6))
"""Connections, threads of wrk, and the ratio that must be reached."""


def run(config: Config) -> list[Row]:
    """Measure one node with workers and one without, in turn."""
    if (os.cpu_count() or 1) < WORKERS or config.pure:
        return [Row(f"{WORKERS} workers", note="takes the compiled core, and as many cores")]
    count = min(config.identifiers, HANDLES_ASKED_MAX)
    with tempfile.TemporaryDirectory() as folder, config.serving() as one, ExitStack() as stack:
        handles = write_handles(Path(folder) / "handles", map(small_handle, range(count)))
        many = stack.enter_context(NodeProcess.start(flags=("--workers", str(WORKERS))))
        fill(many, small=count, large=0)
        rows = _over_http(config, one, many)
        ask = partial(load, "tcp_load", handles=handles, seconds=config.seconds, **_SHAPE)
        measures: dict[str, Callable[[], LoadReport]] = {
            "ours": partial(ask, server=many.tcp, protocol="handle"),
            "one worker": partial(ask, server=one.tcp, protocol="handle"),
        }
        if redis.installed():
            server = stack.enter_context(redis.serving())
            load_redis(server.port, count)
            measures["Redis GET"] = partial(ask, server=server, protocol="redis")
        what = f"TCP resolve, 3 values, 64 × 8, {WORKERS} workers"
        found = config.interleaved(measures, what=what)
        rates = {name: tuple(each.rate for each in reports) for name, reports in found.items()}
        rows += [
            Row(what, rates["ours"], peer, rates[peer],
                note=f"{found['ours'][-1].note()}; peer {found[peer][-1].note()}",
                at_least=1.0 if peer == "Redis GET" else None)
            for peer in rates if peer != "ours"
        ]  # fmt: skip
    return rows


def _over_http(config: Config, one: NodeProcess, many: NodeProcess) -> list[Row]:
    if wrk.program() is None:
        return [Row(f"HTTP GET JSON, {WORKERS} workers", peer=wrk.NOT_INSTALLED)]
    return [_by_wrk(config, one, many, *shape) for shape in _WRK]


def _by_wrk(  # noqa: PLR0913, PLR0917  # a row of `_WRK`
    config: Config,
    one: NodeProcess,
    many: NodeProcess,
    connections: int,
    threads: int,
    at_least: float | None,
) -> Row:
    what = f"HTTP GET JSON of one record, wrk, {threads} × {connections // threads} connections, {WORKERS} workers"
    path = f"/api/handles/{small_handle(0)}"
    shape = {"connections": connections, "threads": threads}
    ask = partial(wrk.ask, path=path, seconds=config.seconds, **shape)
    measures: Mapping[str, Callable[[], Speed]] = {
        "ours": partial(ask, many.http),
        "one worker": partial(ask, one.http),
    }
    found = config.interleaved(measures, what=what)
    cpu = {name: median(each.server_cpu for each in reports) for name, reports in found.items()}
    rates = {name: tuple(each.rate for each in reports) for name, reports in found.items()}
    note = f"{cpu['ours']:.1f} µs CPU; peer {cpu['one worker']:.1f} µs CPU"
    return Row(what, rates["ours"], "one worker", rates["one worker"], note=note, at_least=at_least)
