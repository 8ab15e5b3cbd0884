"""Describes how the load process itself is: whether it gets the processor, and whether it wakes in time."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from idnode.loadtests.ledger import Process

TICK_SECONDS: Final = 0.1
_SAMPLE_SECONDS: Final = 1.0
_ELAPSED_MIN: Final = 0.5
"""A sample shorter than this says nothing: processor time is counted in ticks of 10 ms."""


def processor_seconds() -> float:
    """Return the processor time of this process so far."""
    times = os.times()
    return times.user + times.system


def processor_seconds_of(pid: int | None) -> float | None:
    """Return the processor time of another process so far, None where that cannot be told."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    # Its name, in parentheses, may hold anything.
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


class Vitals:
    """Samples of one process; `tick` is to be called every `TICK_SECONDS`, or as soon after as it goes."""

    def __init__(self, *, now: float, processor: float, busy_percent: float) -> None:
        self._due = now + TICK_SECONDS
        self._sampled_at = now
        self._processor = processor
        self._busy = busy_percent / 100

    def tick(self, process: "Process", *, now: float, processor: float) -> float:
        """Count how late this call is and, each second, the processor's share; return when to call again."""
        process.lag.record(max(now - self._due, 0.0))
        if now - self._sampled_at >= _SAMPLE_SECONDS:
            self.sample(process, now=now, processor=processor)
        self._due = now + TICK_SECONDS
        return self._due

    def sample(self, process: "Process", *, now: float, processor: float) -> None:
        """Count the time since the last sample."""
        elapsed, used = now - self._sampled_at, processor - self._processor
        process.seconds += elapsed
        process.cpu_seconds += used
        if elapsed >= _ELAPSED_MIN and used > self._busy * elapsed:
            process.busy_seconds += elapsed
        self._sampled_at, self._processor = now, processor
