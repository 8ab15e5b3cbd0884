"""Compares this checkout with another one, such as the commit before a change: ``python -m benchmarks.compare CHECKOUT [TURNS]``.

A node of each runs with the same identifiers. They take turns, each face in each turn, and who comes first changes from
turn to turn. Printed are, by face, the ratios of this checkout's figures to the other's: processor time
a request, and requests a second. Processor time is what to judge by: on a shared machine the rates of two turns of one node
differ by more than most changes do. Medians of the turns' ratios are told with the range of their middle half.

The other checkout needs an environment of its own (``make run`` in it, once).
"""

import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.bulk import into_node
from benchmarks.native_tools import LoadReport, load
from benchmarks.node_process import CHECKOUT, NodeProcess
from benchmarks.records import batches, fill, small_handle, write_handles
from benchmarks.row import Speed

TURNS: Final = 9
IDENTIFIERS: Final = 20_000
BULK_BATCHES: Final = 10
SECONDS: Final = 1.5


Measure = Callable[[NodeProcess, Path, int], Speed]


def _of(report: LoadReport) -> Speed:
    if report.faults:
        raise SystemExit(f"{report.missing} answers are missing, {report.wrong} are wrong")
    return Speed(report.rate, report.server_cpu)


def _udp(node: NodeProcess, handles: Path, _turn: int) -> Speed:
    return _of(load("udp_load", node.udp, handles=handles, window=64, seconds=SECONDS))


def _tcp(node: NodeProcess, handles: Path, _turn: int) -> Speed:
    shape = {"connections": 64, "window": 8, "protocol": "handle"}
    return _of(load("tcp_load", node.tcp, handles=handles, seconds=SECONDS, **shape))


def _http(node: NodeProcess, handles: Path, _turn: int) -> Speed:
    shape = {"connections": 16, "window": 1, "protocol": "http"}
    return _of(load("tcp_load", node.http, handles=handles, seconds=SECONDS, **shape))


def _bulk(node: NodeProcess, _handles: Path, turn: int) -> Speed:
    return into_node(node, list(batches(BULK_BATCHES, series=f"turn{turn}", order=None)))


FACES: Final[dict[str, Measure]] = {
    "UDP, window 64": _udp,
    "TCP, 64 x 8": _tcp,
    "HTTP GET, 16 connections": _http,
    "bulk, an identifier": _bulk,
}


def compared(
    here: NodeProcess, there: NodeProcess, handles: Path, turns: int
) -> dict[str, list[tuple[Speed, Speed]]]:
    """Return by face what the node of this checkout and that of the other did in each turn."""
    found: dict[str, list[tuple[Speed, Speed]]] = defaultdict(list)
    for turn in range(turns + 1):
        nodes = (here, there) if turn % 2 else (there, here)
        for face, measure in FACES.items():
            by_node = {node.pid: measure(node, handles, turn) for node in nodes}
            if turn:  # the first turn warms up
                found[face].append((by_node[here.pid], by_node[there.pid]))
    return found


def _told(ratios: list[float]) -> str:
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    """Measure, and print."""
    if len(sys.argv) < 2:
        raise SystemExit("usage: python -m benchmarks.compare CHECKOUT [TURNS]")
    other, turns = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else TURNS
    with (
        tempfile.TemporaryDirectory(prefix="idnode-bench-") as name,
        NodeProcess.start() as here,
        NodeProcess.start(checkout=other) as there,
    ):
        handles = write_handles(Path(name) / "handles", map(small_handle, range(IDENTIFIERS)))
        for node in (here, there):
            fill(node, small=IDENTIFIERS, large=0)
        found = compared(here, there, handles, max(2, turns))
    print(f"{CHECKOUT} ÷ {other}: processor time a request; requests a second; processor time here")
    for face, pairs in found.items():
        cost = _told([ours.server_cpu / theirs.server_cpu for ours, theirs in pairs])
        rate = _told([ours.rate / theirs.rate for ours, theirs in pairs])
        own = statistics.median(ours.server_cpu for ours, _ in pairs)
        print(f"{face:<25} {cost}   {rate}   {own:7.2f} us")


if __name__ == "__main__":
    main()
