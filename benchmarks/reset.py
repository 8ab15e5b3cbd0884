"""Measures a reset: of a node with so many written identifiers, to its first start and to a state that has as many.

``python -m benchmarks.reset [IDENTIFIERS]`` starts a node of each build and prints medians of several resets, as the
node tells them, with everything synced.
"""

import json
import statistics
import sys
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit

import msgpack

from benchmarks.node_process import NodeProcess

IDENTIFIERS: Final = 100_000
RESETS: Final = 10

_BATCH_ITEMS: Final = 10_000
_VALUE: Final = "https://example.org/" + "x" * 480


def _manage(node: NodeProcess, path: str, body: dict[str, Any]) -> Any:
    address = urlsplit(str(node.ready["admin"]))
    connection = HTTPConnection(str(address.hostname), address.port or 80)
    try:
        connection.request(
            "POST", path, json.dumps(body), headers={"Content-Type": "application/json"}
        )
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _write(node: NodeProcess, count: int, series: int) -> None:
    for start in range(0, count, _BATCH_ITEMS):
        numbers = range(start, min(count, start + _BATCH_ITEMS))
        items = [[f"88.900.1/{series}-{number}", [[1, "URL", _VALUE]]] for number in numbers]
        node.register(msgpack.packb(items))


def _measure(node: NodeProcess, count: int) -> None:
    _write(node, count, 0)
    _manage(node, "/api/v1/states/full", {})
    for state, what in (("first-start", "the first start"), ("full", f"{count} identifiers")):
        times = []
        for series in range(1, RESETS + 1):
            _write(node, count, series)
            times.append(_manage(node, "/api/v1/reset", {"state": state})["milliseconds"])
        median = statistics.median(times)
        print(f"{node.core}: to {what}: median {median:.1f} ms, most {max(times):.1f} ms")


def main() -> None:
    """Measure, and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else IDENTIFIERS
    for pure in (False, True):
        with NodeProcess.start(pure=pure, flags=("--allow-reset",)) as node:
            _measure(node, count)


if __name__ == "__main__":
    main()
