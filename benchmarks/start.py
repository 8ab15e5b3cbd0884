"""Measures what somebody waits for: a node to be ready, a command to answer, the pytest plugin's node and its resets.

``python -m benchmarks.start [TIMES]`` takes turns and prints medians and the least of each, which on a shared machine
says more: wall time, and beside it the processor time of the node until it is ready.
"""

import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

from idnode.node.testing.running import own_node

TIMES: Final = 10

_IDNODE: Final = str(Path(sys.executable).with_name("idnode"))
_PORTS: Final = ("--handle-port", "0", "--http-port", "0", "--admin-port", "0")
_TICKS: Final = 100
"""Clock ticks of a second in /proc."""

Times = dict[str, list[float]]


def _node(folder: Path, what: str, times: Times) -> None:
    """Start a node in a folder, have it asked once, and stop it."""
    ready = folder / "ready.json"
    began = time.perf_counter()
    command = [_IDNODE, "serve", *_PORTS, "--data-dir", str(folder / "data")]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        [*command, "--ready-file", str(ready)], stdout=quiet, stderr=quiet
    ) as node:
        while not ready.exists() and node.poll() is None:
            time.sleep(0.002)
        times[what].append(time.perf_counter() - began)
        fields = Path(f"/proc/{node.pid}/stat").read_text().rpartition(")")[2].split()
        times[f"{what}, processor time"].append((int(fields[11]) + int(fields[12])) / _TICKS)
        host, port = json.loads(ready.read_bytes())["handle_udp"]
        began = time.perf_counter()
        asked = [_IDNODE, "resolve", "88.900.1/hello", "--server", f"{host}:{port}"]
        subprocess.run(asked, stdout=quiet, check=True)
        times["one `idnode resolve`"].append(time.perf_counter() - began)
        node.send_signal(signal.SIGTERM)


def _plugin(folder: Path, times: Times) -> None:
    """Start the node that tests get, and reset it."""
    began = time.perf_counter()
    with own_node(folder) as node:
        times["the plugin's node"].append(time.perf_counter() - began)
        for _ in range(5):
            began = time.perf_counter()
            node.manage("POST", "/api/v1/reset", {})
            times["a reset of it"].append(time.perf_counter() - began)


def main() -> None:
    """Measure, and print."""
    times: Times = defaultdict(list)
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES):
        with tempfile.TemporaryDirectory(prefix="idnode-bench-") as name:
            folder = Path(name)
            _node(folder, "first start", times)
            _node(folder, "later start", times)
            _plugin(folder / "plugin", times)
    for what, found in times.items():
        least, median = min(found), statistics.median(found)
        print(f"{what}: median {median * 1e3:.0f} ms, least {least * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
