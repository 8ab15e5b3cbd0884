"""Fetches records: what is asked for in one turn of the event loop, and while all connections work, is one question."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final

import asyncpg

from idnode.registry.errors import RegisterBusy, RegisterUnavailable
from idnode.registry.handle.errors import RegistryError
from idnode.registry.postgres.limits import LOOK_UP_KEYS_MAX, LOOK_UPS_WAITING_MAX
from idnode.registry.postgres.statements import LOOK_UP
from idnode.registry.register import Stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idnode.registry.postgres.connections import Connection, Connections

    Found = Mapping[bytes, Stored | RegistryError | None]

_log: Final = logging.getLogger(__name__)


class Reader:
    """Fetches records by folded handle, with at most ``most`` questions under way."""

    def __init__(self, connections: Connections, most: int) -> None:
        self._connections = connections
        self._free = most
        self._waiting: deque[tuple[Sequence[bytes], asyncio.Future[Found]]] = deque()
        self._keys_waiting = 0
        self._loop = asyncio.get_running_loop()
        self._called = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.questions = 0
        """Questions sent so far."""
        self.keys = 0
        """Records asked for in them."""

    async def fetch(self, keys: Sequence[bytes]) -> Found:
        """Return what there is under each folded handle: a record, None, or why that cannot be told.

        What has no entry has no record.
        """
        if self._keys_waiting + len(keys) > LOOK_UPS_WAITING_MAX:
            return dict.fromkeys(keys, RegisterBusy("Too many look-ups wait for the database"))
        if len(keys) > LOOK_UP_KEYS_MAX:
            return await self._fetch_parts(keys)
        answer: asyncio.Future[Found] = self._loop.create_future()
        self._waiting.append((keys, answer))
        self._keys_waiting += len(keys)
        self._call()
        return await answer

    async def _fetch_parts(self, keys: Sequence[bytes]) -> Found:
        """Ask for many in several questions, none of which takes so long that it would be given up."""
        starts = range(0, len(keys), LOOK_UP_KEYS_MAX)
        parts = [self.fetch(keys[start : start + LOOK_UP_KEYS_MAX]) for start in starts]
        return {key: one for found in await asyncio.gather(*parts) for key, one in found.items()}

    def _call(self) -> None:
        if self._free and self._waiting and not self._called:
            self._called = True
            self._loop.call_soon(self._ask)

    def _ask(self) -> None:
        self._called = False
        while self._free and self._waiting:
            keys: dict[bytes, None] = {}
            askers = []
            while self._waiting and len(keys) < LOOK_UP_KEYS_MAX:
                wanted, answer = self._waiting.popleft()
                self._keys_waiting -= len(wanted)
                keys.update(dict.fromkeys(wanted))
                askers.append(answer)
            self._free -= 1
            task = self._loop.create_task(self._answer(list(keys), askers))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, keys: list[bytes], askers: list[asyncio.Future[Found]]) -> None:
        self.questions += 1
        self.keys += len(keys)
        try:
            found = await self._found(keys)
        finally:
            self._free += 1
            self._call()
        for asker in askers:
            if not asker.done():  # else it has given up
                asker.set_result(found)

    async def _found(self, keys: list[bytes]) -> Found:
        async def look_up(connection: Connection) -> Found:
            rows = await self._rows(connection, keys)
            return {row[0]: Stored(row[1], row[2], row[3]) for row in rows}

        try:
            return await self._connections.ask(look_up)
        except RegistryError as error:
            return dict.fromkeys(keys, error)
        except asyncpg.PostgresError as error:
            _log.error("the database refused a look-up: %s", error)  # says it all
            refusal = RegisterUnavailable(f"The database refused ({type(error).__name__})")
            return dict.fromkeys(keys, refusal)
        except Exception as error:  # noqa: BLE001  # whoever waits is to be told
            _log.exception("a look-up failed")
            refusal = RegisterUnavailable(f"The register failed ({type(error).__name__})")
            return dict.fromkeys(keys, refusal)

    async def _rows(self, connection: Connection, keys: list[bytes]) -> list[asyncpg.Record]:
        return await connection.fetch(LOOK_UP, keys)

    async def close(self) -> None:
        """Wait for the answers under way."""
        await asyncio.gather(*self._tasks)
