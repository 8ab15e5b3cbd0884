"""Load by wrk, the generator that others measure web servers with: one thread that asks for one address over and over."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from benchmarks.native_tools import ToolFailed

if TYPE_CHECKING:
    from benchmarks.native_tools import Server

NOT_INSTALLED = "wrk is not installed"
CONNECTIONS = 16

_RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)", re.MULTILINE)
_ERRORS = re.compile(r"^\s*(?:Non-2xx|Socket errors).*$", re.MULTILINE)


def program() -> str | None:
    """Return the path of wrk."""
    return shutil.which("wrk")


def rate(server: Server, path: str, *, seconds: float) -> float:
    """Return how many requests for a path were answered a second.

    Raises:
        ToolFailed: wrk is not installed or ended with an error, or an answer was no success.

    """
    wrk = program()
    if wrk is None:
        raise ToolFailed(NOT_INSTALLED)
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"]
    command.append(f"http://127.0.0.1:{server.port}{path}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found, errors = _RATE.search(done.stdout), _ERRORS.search(done.stdout)
    if done.returncode or found is None or errors is not None:
        raise ToolFailed(f"{' '.join(command)}: {errors[0] if errors else done.stderr.strip()}")
    return float(found[1])
