"""The register's state when the system is short of something: refuse, ask now and then, take writes again.

A shortage is no failure (`storage/shortage.py`). The group that met it was taken back, its submissions are
refused as busy, and the next ones are tried as ever. Beside them a task asks with growing pauses whether a file can be
made and filled, so that a register that nobody writes to is seen to take writes again, too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from idnode.registry.embedded.storage.shortage import is_shortage
from idnode.registry.errors import RegisterShort

PAUSE_SECONDS: Final = 0.2
"""First pause between two questions; it doubles up to the longest."""

PAUSE_SECONDS_MAX: Final = 5.0

_logger: Final = logging.getLogger(__name__)


class Shortage:
    """Tells whether the register is short of something, and what; belongs to the writer."""

    def __init__(self, ask: Callable[[], Awaitable[None]]) -> None:
        """Take ``ask``, which raises `OSError` as long as the shortage lasts."""
        self._ask = ask
        self._error: OSError | None = None
        self._refused = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def reason(self) -> str:
        """Return what is short, "" when nothing is."""
        return "" if self._error is None else str(self._error.strerror)

    def met(self, error: OSError, submissions: int) -> RegisterShort:
        """Note that a group was refused for want of something; returns what to tell its submitters."""
        self._refused += submissions
        if self._error is None:
            _logger.error("no writes are taken for now: %s; reads go on", error)
            self._task = asyncio.get_running_loop().create_task(self._wait(), name="shortage")
        self._error = error
        return RegisterShort(f"No writes are taken for now: {error.strerror}")

    def over(self) -> None:
        """Note that a write, or the question whether one is possible, succeeded."""
        if self._error is None:
            return
        _logger.warning("writes are taken again; %d submissions were refused", self._refused)
        self._error = None
        self._refused = 0
        if self._task is not None:
            self._task.cancel()

    async def _wait(self) -> None:
        pause = PAUSE_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
            try:
                await self._ask()
            except OSError as error:
                if not is_shortage(error):
                    return  # the next write meets it, too, and says so
            else:
                self._task = None
                self.over()
                return

    async def close(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
