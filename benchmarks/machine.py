"""Describes what the figures were taken on."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final

_NANOSECOND: Final = 1e-9


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process has used so far, in ticks of usually 10 ms."""
    return _cpu_seconds(Path(f"/proc/{process}/stat"))


def scheduled_seconds(process: int) -> float:
    """Return the same of the threads that live now, in nanoseconds: for shares that are small."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) * _NANOSECOND


def thread_seconds(process: int) -> dict[int, float]:
    """Return the same of each living thread of a process."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return {int(thread.name): _cpu_seconds(thread / "stat") for thread in threads}


def _cpu_seconds(stat: Path) -> float:
    text = stat.read_text(encoding="utf-8", errors="replace")
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def describe() -> dict[str, str]:
    """Return cores, processor, kernel, Python and the load of the machine right now."""
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def line(found: dict[str, str]) -> str:
    """Return a description in one line."""
    return (
        f"{found['cores']} cores, {found['processor']}, {found['system']}, {found['python']}, "
        f"load {found['load']} before the run"
    )
