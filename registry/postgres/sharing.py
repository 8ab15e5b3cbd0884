"""Shares what nodes on one database have in common besides records: keys, the directory, and that one starts at a time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import asyncpg

from idnode.registry.errors import RegisterUnavailable
from idnode.registry.postgres.connections import AWAY, away, connect
from idnode.registry.postgres.statements import (
    KEEP_SHARED_FILE,
    SHARED_FILES,
    STARTING_LOCK,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from idnode.registry.postgres.address import Address
    from idnode.registry.postgres.connections import Connection, Connections

_Result = TypeVar("_Result")


class SharedDatabase:
    """Keeps `registry.register.Shared` in the database of the register."""

    def __init__(self, address: Address, connections: Connections) -> None:
        self._address = address
        self._connections = connections
        self.directory_url = address.directory_url()

    @asynccontextmanager
    async def starting(self) -> AsyncIterator[None]:
        """Have no other node start meanwhile; the database forgets it with the connection.

        Raises:
            RegisterUnavailable: The database cannot be reached.

        """
        try:
            connection = await connect(self._address)
            await connection.execute(f"SELECT pg_advisory_lock({STARTING_LOCK})")
        except AWAY as error:
            raise away(error) from error
        except asyncpg.PostgresError as error:
            raise RegisterUnavailable(f"The database refused: {error}") from error
        try:
            yield
        finally:
            connection.terminate()

    async def files(self) -> Mapping[str, bytes]:
        """Return all shared files by name.

        Raises:
            RegisterUnavailable: The database cannot be reached.

        """
        rows = await self._asked(lambda one: one.fetch(SHARED_FILES))
        return {row[0]: row[1] for row in rows}

    async def keep(self, files: Mapping[str, bytes]) -> None:
        """Share further files; one that is shared already stays as it is.

        Raises:
            RegisterUnavailable: The database cannot be reached.

        """
        names, contents = list(files), list(files.values())
        await self._asked(lambda one: one.execute(KEEP_SHARED_FILE, names, contents))

    async def _asked(self, work: Callable[[Connection], Awaitable[_Result]]) -> _Result:
        try:
            return await self._connections.ask(work)
        except asyncpg.PostgresError as error:
            raise RegisterUnavailable(f"The database refused: {error}") from error
