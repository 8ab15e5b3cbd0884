"""GET of one handle as JSON beside a bare aiohttp handler, and beside nginx, that answer the same constant bytes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import nginx, wrk
from benchmarks.native_tools import LoadReport, Server, ToolFailed, load
from benchmarks.records import HANDLES_ASKED_MAX, small_handle, write_handles
from benchmarks.row import Row, Speed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.config import Config
    from benchmarks.node_process import NodeProcess

CONNECTIONS = (1, 16, 64)
CONNECTIONS_QUICK = (16,)


def run(config: Config) -> list[Row]:
    """Measure keep-alive GETs by number of connections, one request outstanding on each."""
    shapes = CONNECTIONS if config.repetitions > 2 else CONNECTIONS_QUICK
    count = min(config.identifiers, HANDLES_ASKED_MAX)
    with tempfile.TemporaryDirectory() as name, config.serving() as node:
        folder = Path(name)
        handles = write_handles(folder / "handles", map(small_handle, range(count)))
        body = folder / "body"
        body.write_bytes(_one_answer(node))
        ask = partial(
            load, "tcp_load", protocol="http", handles=handles, window=1, seconds=config.seconds
        )
        with bare_aiohttp(body) as bare:
            measures = {"ours": partial(ask, server=node.http), "bare": partial(ask, server=bare)}
            rows = [_row(config, connections, measures) for connections in shapes]
            return [*rows, *_by_wrk(config, node, bare, body.read_bytes())]


def _row(config: Config, connections: int, measures: dict[str, partial[LoadReport]]) -> Row:
    what = f"HTTP GET JSON, 3 values, {connections} connections"
    shaped: dict[str, Callable[[], LoadReport]] = {
        name: partial(measure, connections=connections) for name, measure in measures.items()
    }
    found = config.interleaved(shaped, what=what)
    ours = found["ours"]
    note = f"{ours[-1].note()}; peer {found['bare'][-1].note()}"
    unexpected = {code: count for code, count in ours[-1].codes.items() if code != 200}
    if unexpected:
        note += f", statuses {unexpected}"
    return Row(
        what=what,
        ours=tuple(report.rate for report in ours),
        peer="bare aiohttp, same bytes",
        peers=tuple(report.rate for report in found["bare"]),
        note=note,
    )


def _by_wrk(config: Config, node: NodeProcess, bare: Server, body: bytes) -> list[Row]:
    """Return the rows of wrk, which asks for one record only; the compiled core must reach what they say."""
    what = f"HTTP GET JSON of one record, wrk, {wrk.CONNECTIONS} connections"
    if wrk.program() is None:
        return [Row(what, peer=wrk.NOT_INSTALLED)]
    path = f"/api/handles/{small_handle(0)}"
    ask = partial(wrk.ask, path=path, seconds=config.seconds)
    bound = node.core == "native"
    rows = [_compared(config, what, partial(ask, node.http), partial(ask, bare),
                      "bare aiohttp, same bytes", 4.0 if bound else None)]  # fmt: skip
    if nginx.program() is None:
        return [*rows, Row(what, peer=nginx.NOT_INSTALLED)]
    with nginx.serving(path, body) as server:
        peer = "nginx, one worker, a file of the same bytes"
        asked = partial(ask, node.http), partial(ask, server)
        return [*rows, _compared(config, what, *asked, peer, 0.8 if bound else None)]


def _compared(  # noqa: PLR0913, PLR0917  # the parts of a row
    config: Config,
    what: str,
    ours: Callable[[], Speed],
    theirs: Callable[[], Speed],
    peer: str,
    at_least: float | None,
) -> Row:
    found = config.interleaved({"ours": ours, "peer": theirs}, what=f"{what}, {peer}")
    rates = {name: tuple(each.rate for each in reports) for name, reports in found.items()}
    cpu = {name: median(each.server_cpu for each in reports) for name, reports in found.items()}
    note = f"{cpu['ours']:.1f} µs CPU; peer {cpu['peer']:.1f} µs CPU"
    return Row(what, rates["ours"], peer, rates["peer"], note=note, at_least=at_least)


def _one_answer(node: NodeProcess) -> bytes:
    connection = node.connection()
    try:
        connection.request("GET", f"/api/handles/{small_handle(0)}")
        answer = connection.getresponse()
        body: bytes = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise ToolFailed(f"GET of {small_handle(0)} was answered {answer.status}: {body[:200]!r}")
    return body


@contextmanager
def bare_aiohttp(body: Path) -> Iterator[Server]:
    """Serve the bare handler in a process of its own while the block runs."""
    command = [sys.executable, "-m", "benchmarks.bare_aiohttp", str(body)]
    root = Path(__file__).parent.parent
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Server(int(process.stdout.readline()), process.pid)
        finally:
            process.stdin.close()
            process.wait()
