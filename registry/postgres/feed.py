"""Follows what other nodes change, with a look a second.

Each transaction that changes prefix handles tells them under ascending numbers (`prefix_change`). A node remembers
the last number it has seen, and skips those of its own, whose watchers it has called already.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from idnode.registry.handle.errors import RegistryError
from idnode.registry.postgres.limits import POLL_SECONDS
from idnode.registry.postgres.statements import CHANGES_SINCE, COUNT_ALL, LAST_CHANGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import asyncpg

    from idnode.registry.postgres.connections import Connection, Connections

_log: Final = logging.getLogger(__name__)

_COUNT_POLLS: Final = 10
"""Looks at the changes for one at the number of identifiers, which takes longer."""


class Feed:
    """Follows the changes of other nodes; ``changed`` is given the folded prefix handles of each look."""

    def __init__(
        self,
        connections: Connections,
        changed: Callable[[Sequence[bytes]], Awaitable[None]],
        seconds: float = POLL_SECONDS,
    ) -> None:
        self._connections = connections
        self._changed = changed
        self._seconds = seconds
        self._seen = 0
        self._own: set[int] = set()
        self.identifiers = 0
        """Records of the register when it was looked at last, and what this node added since."""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Note where the changes stand, and follow them from here.

        Raises:
            RegisterAway: The database cannot be reached.

        """
        self._seen = await self._connections.ask(lambda one: one.fetchval(LAST_CHANGE))
        await self._count()
        self._task = asyncio.get_running_loop().create_task(self._follow())

    def skip(self, numbers: Sequence[int]) -> None:
        """Note changes that this node has told and knows."""
        self._own.update(numbers)

    async def close(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        polls = 0
        while True:
            await asyncio.sleep(self._seconds)
            polls += 1
            try:
                await self.look()
                if polls % _COUNT_POLLS == 0:
                    await self._count()
            except RegistryError:
                continue  # away: the next look finds the same changes
            except Exception:  # noqa: BLE001  # the next look may do
                _log.exception("the changes of other nodes cannot be followed")

    async def look(self) -> None:
        """Look for changes now, and have them followed.

        Raises:
            RegisterAway: The database cannot be reached.

        """

        async def since(connection: Connection) -> list[asyncpg.Record]:
            return await connection.fetch(CHANGES_SINCE, self._seen)

        while rows := await self._connections.ask(since):
            keys = dict.fromkeys(row[1] for row in rows if row[0] not in self._own)
            if keys:
                await self._changed(list(keys))
            self._seen = rows[-1][0]
            self._own = {number for number in self._own if number > self._seen}

    async def _count(self) -> None:
        self.identifiers = int(await self._connections.ask(lambda one: one.fetchval(COUNT_ALL)))
