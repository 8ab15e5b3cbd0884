"""Measures what the journal costs: processor time of the node for each plain resolution, by mode of the journal.

``python -m benchmarks.journal [REQUESTS]`` starts one node, switches its journal in turns between ``off``, ``failures``
and ``all``, asks for one identifier over HTTP and over UDP, and prints medians and their ratio to ``off``.
"""

import json
import socket
import statistics
import struct
import sys
from collections.abc import Callable
from typing import Final

from benchmarks.machine import scheduled_seconds
from benchmarks.node_process import NodeProcess, connected
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import encode_response
from idnode.registry.handle.wire.resolution import Query, encode_query

MODES: Final = ("off", "failures", "all")
REQUESTS: Final = 2000
TURNS: Final = 5

_HANDLE: Final = b"88.900.1/hello"


def _over_http(node: NodeProcess, requests: int) -> None:
    connection = connected(node.ready["http"])
    path = f"/api/handles/{_HANDLE.decode()}"
    for _ in range(requests):
        connection.request("GET", path)
        assert b'"responseCode":1' in connection.getresponse().read()
    connection.close()


def _over_udp(node: NodeProcess, requests: int) -> None:
    message = encode_response(OpCode.RESOLUTION, 0, 0, 0, 0, encode_query(Query(_HANDLE)))
    host, port = node.ready["handle_udp"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.connect((host, port))
        for number in range(1, requests + 1):
            envelope = Envelope(2, 11, 0, 2, 11, 0, number, 0, len(message)).encode()
            udp.send(envelope + message)
            assert udp.recv(4096)[8:12] == struct.pack(">I", number)


def _switch(node: NodeProcess, mode: str) -> None:
    connection = connected(node.ready["admin"])
    headers = {"Content-Type": "application/json"}
    connection.request("PUT", "/api/v1/journal/mode", json.dumps({"mode": mode}), headers)
    assert connection.getresponse().read()
    connection.close()


def measure(
    node: NodeProcess, ask: Callable[[NodeProcess, int], None], requests: int
) -> dict[str, float]:
    """Return the median of the node's seconds a request, by mode; the modes take turns."""
    found: dict[str, list[float]] = {mode: [] for mode in MODES}
    for turn in range(TURNS + 1):
        for mode in MODES:
            _switch(node, mode)
            before = scheduled_seconds(node.process.pid)
            ask(node, requests)
            if turn:  # the first turn warms up
                found[mode].append((scheduled_seconds(node.process.pid) - before) / requests)
    return {mode: statistics.median(times) for mode, times in found.items()}


def main() -> None:
    """Measure, and print."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    with NodeProcess.start() as node:
        for name, ask in (("HTTP GET", _over_http), ("UDP", _over_udp)):
            found = measure(node, ask, requests)
            for mode, seconds in found.items():
                ratio = seconds / found["off"]
                print(f"{name:<8} {mode:<8} {seconds * 1e6:6.1f} us a request, {ratio:.2f} of off")


if __name__ == "__main__":
    main()
