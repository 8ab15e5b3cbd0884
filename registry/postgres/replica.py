"""Read-only replicas that answer public resolution, and how old what they say may be.

How far a replica is, it says as a place in the write-ahead log. The primary is asked for its place from time to time:
a replica that has replayed up to a place has everything that was committed when the primary said so. So an answer
is as old as that moment at most, whatever the clocks of the servers say and whether or not the replica hears of
its primary. One that is too far behind is not asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import asyncpg

from idnode.registry.handle.errors import RegistryError
from idnode.registry.postgres.connections import ANSWER_SECONDS, Connections
from idnode.registry.postgres.limits import POLL_SECONDS, READ_CONNECTIONS
from idnode.registry.postgres.reader import Reader
from idnode.registry.postgres.statements import CURRENT_PLACE, REPLAYED_PLACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from idnode.registry.postgres.address import Address
    from idnode.registry.postgres.connections import Connection

_log: Final = logging.getLogger(__name__)

_NEVER: Final = float("-inf")

_LOOKS: Final = 4
"""Looks at a replica within the time by which it may be behind."""

_NOTED_MAX: Final = 200_000
"""Own writes that are told apart; beyond it all handles count as written."""


class _Behind(ConnectionError):
    """A server has not replayed what is expected of it."""


class _ReplicaReader(Reader):
    """Asks a replica, and takes only what a server says that has replayed up to a place.

    That is asked with each question, for a server may come back with less, and another one may answer at its address.
    """

    place = 0

    async def _rows(self, connection: Connection, keys: list[bytes]) -> list[asyncpg.Record]:
        place = self.place
        replayed = await connection.fetchval(REPLAYED_PLACE)
        if replayed is None or replayed < place:
            raise _Behind
        return await super()._rows(connection, keys)


class Replica:
    """One server that follows the primary; ``stale_max`` are the seconds that its answers may be behind."""

    def __init__(self, address: Address, primary: Connections, stale_max: float) -> None:
        self._shown = address.shown
        self._primary = primary
        self._stale_max = stale_max
        seconds = min(ANSWER_SECONDS, stale_max)
        self._connections = Connections(address, READ_CONNECTIONS, seconds)
        # One connection is left for looks.
        self.reader = _ReplicaReader(self._connections, READ_CONNECTIONS - 1)
        self._now = asyncio.get_running_loop().time
        self._places: deque[tuple[float, int]] = deque()
        self.caught_up = _NEVER
        """The moment up to which it has all commits."""
        self._used = False
        self._task = asyncio.get_running_loop().create_task(self._follow())

    @property
    def fit(self) -> bool:
        """Return whether its answers are not older than allowed."""
        return self.young(self.caught_up)

    def young(self, moment: float) -> bool:
        """Return whether what was so at a moment may be answered now."""
        return self._now() < moment + self._stale_max

    async def _follow(self) -> None:
        while True:
            with suppress(RegistryError, asyncpg.PostgresError):
                await self.look()  # if one is away, what is known stays true until it is too old
            self._tell()
            await asyncio.sleep(min(POLL_SECONDS, self._stale_max / _LOOKS))

    def _tell(self) -> None:
        """Log that it is asked from now on, or is not any more."""
        if self.fit and not self._used:
            _log.info("the replica %s answers public resolution", self._shown)
        elif self._used and not self.fit:
            behind = "the replica %s is more than %g s behind, or away, and is not asked"
            _log.warning(behind, self._shown, self._stale_max)
        self._used = self.fit

    async def look(self) -> None:
        """See how far it is.

        Raises:
            RegisterAway: One of the servers cannot be reached.
            asyncpg.PostgresError: One of them refuses.

        """
        moment = self._now()
        place = await self._primary.ask(lambda one: one.fetchval(CURRENT_PLACE))
        while self._places and not self.young(self._places[0][0]):
            self._places.popleft()  # to reach it would not be enough any more
        self._places.append((moment, place))
        replayed = await self._connections.ask(lambda one: one.fetchval(REPLAYED_PLACE))
        if replayed is None:  # it takes writes itself
            self.caught_up = _NEVER
            return
        while self._places and self._places[0][1] <= replayed:
            self.caught_up, self.reader.place = self._places.popleft()

    async def close(self) -> None:
        """Ask it no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.reader.close()
        await self._connections.close()


class OwnWrites:
    """Tells when this node has written handles, as long as a replica may not have that yet."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._now = now
        self._began = now()
        self._noted: dict[bytes, float] = {}
        self._former: dict[bytes, float] = {}
        self._all = _NEVER

    def note(self, keys: Iterable[bytes]) -> None:
        """Note that folded handles were just written."""
        now = self._now()
        if now >= self._began + self._seconds:
            self._former, self._noted, self._began = self._noted, {}, now
        self._noted.update(dict.fromkeys(keys, now))
        if len(self._noted) > _NOTED_MAX:
            self._noted = {}
            self._all = now

    def before(self, moment: float, keys: Sequence[bytes]) -> list[bytes]:
        """Return those of some folded handles that were not written since a moment."""
        if self._all >= moment:
            return []
        noted, former = self._noted, self._former
        return [
            key
            for key in keys
            if noted.get(key, _NEVER) < moment and former.get(key, _NEVER) < moment
        ]
