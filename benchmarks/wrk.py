"""Load by wrk, the generator that others measure web servers with, which asks for one address over and over."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from benchmarks.machine import cpu_seconds
from benchmarks.native_tools import ToolFailed
from benchmarks.row import Speed

if TYPE_CHECKING:
    from benchmarks.native_tools import Server

NOT_INSTALLED = "wrk is not installed"
CONNECTIONS = 16

_RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)", re.MULTILINE)
_COUNT = re.compile(r"^\s*([0-9]+) requests in", re.MULTILINE)
_ERRORS = re.compile(r"^\s*(?:Non-2xx|Socket errors).*$", re.MULTILINE)


def program() -> str | None:
    """Return the path of wrk."""
    return shutil.which("wrk")


def ask(
    server: Server, path: str, *, seconds: float, connections: int = CONNECTIONS, threads: int = 1
) -> Speed:
    """Ask for a path as often as it is answered, on so many connections of so many threads.

    Raises:
        ToolFailed: wrk is not installed or ended with an error, or an answer was no success.

    """
    wrk = program()
    if wrk is None:
        raise ToolFailed(NOT_INSTALLED)
    command = [wrk, f"-t{threads}", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    command.append(f"http://127.0.0.1:{server.port}{path}")
    before = cpu_seconds(server.pid)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    spent = cpu_seconds(server.pid) - before
    found, count = _RATE.search(done.stdout), _COUNT.search(done.stdout)
    errors = _ERRORS.search(done.stdout)
    if done.returncode or found is None or count is None or errors is not None:
        raise ToolFailed(f"{' '.join(command)}: {errors[0] if errors else done.stderr.strip()}")
    return Speed(float(found[1]), spent * 1e6 / max(1, int(count[1])))
