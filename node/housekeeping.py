"""Runs what has to be done about once a second, and once more at the end."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from idnode.node.ops import persistent_counters
from idnode.node.ops.metrics import Metrics

PERIOD_SECONDS: Final = 1.0
"""Time between two savings of the persistent counters: what a killed process may forget of them."""

_log = logging.getLogger(__name__)


class Housekeeping:
    """Saves the persistent counters while they change, and does small chores of others."""

    def __init__(self, folder: Path, metrics: Metrics) -> None:
        self._folder = folder
        self._metrics = metrics
        self._saved: persistent_counters.Volume = {}
        self._synced = False
        self._saving = asyncio.Lock()
        self._chores: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, chore: Callable[[], None]) -> None:
        """Have something quick done each time."""
        self._chores.append(chore)

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """End, with the counters on the disk."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.save(sync=True)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            for chore in self._chores:
                chore()
            await self.save(sync=False)

    async def save(self, *, sync: bool) -> None:
        """Save the counters as they are now; with ``sync`` they are on the disk when this returns, if they can be."""
        async with self._saving:  # an older state must not replace a newer one
            volume = self._metrics.persistent_counters()
            if volume == self._saved and (self._synced or not sync):
                return
            try:
                await asyncio.to_thread(persistent_counters.save, self._folder, volume, sync=sync)
            except OSError as error:
                _log.warning("the persistent counters cannot be saved: %s", error)
            else:
                self._saved, self._synced = volume, sync
