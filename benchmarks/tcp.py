"""Resolution over TCP beside Redis GETs of values of the same size, and beside the raw UDP echo."""

from __future__ import annotations

import socket
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import redis
from benchmarks.native_tools import LoadReport, echo, load
from benchmarks.records import (
    BATCH_ITEMS,
    HANDLES_ASKED_MAX,
    packed,
    small_handle,
    small_values,
    write_handles,
)
from benchmarks.row import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.config import Config

SHAPES = ((1, 1), (8, 1), (64, 1), (64, 8))
"""Connections and requests outstanding on each."""
SHAPES_QUICK = ((64, 8),)
BOUNDS = {("TCP resolve, 3 values, 64 × 8", "Redis GET"): 0.6}
"""Ratios that must be reached, by row and peer."""


def run(config: Config) -> list[Row]:
    """Measure each shape; Redis stands in the table only where it is installed."""
    shapes = SHAPES if config.repetitions > 2 else SHAPES_QUICK
    count = min(config.identifiers, HANDLES_ASKED_MAX)
    rows = []
    with tempfile.TemporaryDirectory() as folder, config.serving() as node, ExitStack() as stack:
        handles = write_handles(Path(folder) / "handles", map(small_handle, range(count)))
        ask = partial(load, "tcp_load", handles=handles, seconds=config.seconds)
        config = replace(config, node=node)
        measures: dict[str, Callable[..., LoadReport]] = {
            name: partial(ask, server=each.tcp, protocol="handle")
            for name, each in config.cores().items()
        }
        if redis.installed():
            server = stack.enter_context(redis.serving())
            load_redis(server.port, count)
            measures["Redis GET"] = partial(ask, server=server, protocol="redis")
        raw = stack.enter_context(echo())
        echoed = partial(
            load, "udp_load", handles=handles, seconds=config.seconds, server=raw, window=64, echo=1
        )
        for connections, window in shapes:
            what = f"TCP resolve, 3 values, {connections} × {window}"
            shaped: dict[str, Callable[[], LoadReport]] = {
                name: partial(measure, connections=connections, window=window)
                for name, measure in measures.items()
            }
            rows += _rows(config, what, {**shaped, "raw UDP echo, window 64": echoed})
    return rows


def load_redis(port: int, count: int) -> None:
    """Give Redis the same identifiers, each value as large as our stored one."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        for first in range(0, count, BATCH_ITEMS):
            items = [
                (small_handle(number).encode(), packed(small_values(number)))
                for number in range(first, min(first + BATCH_ITEMS, count))
            ]
            redis.pipeline(client, *redis.set_commands(items))


def _rows(config: Config, what: str, measures: dict[str, Callable[[], LoadReport]]) -> list[Row]:
    found = config.interleaved(measures, what=what)
    ours, pure = found.pop("ours"), found.pop("pure", [])
    return [
        Row(
            what=what,
            ours=tuple(report.rate for report in ours),
            peer=peer,
            peers=tuple(report.rate for report in reports),
            note=f"{ours[-1].note()}; peer {reports[-1].note()}",
            pure=tuple(report.rate for report in pure),
            at_least=BOUNDS.get((what, peer)),
        )
        for peer, reports in found.items()
    ]
