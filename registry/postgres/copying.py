"""Gives and takes whole registers in a database, for `registry/copying.py`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import asyncpg

from idnode.registry.copying import Item, Place
from idnode.registry.errors import RegisterUnavailable
from idnode.registry.postgres import schema, statements
from idnode.registry.postgres.connections import AWAY, Connections, away, connect
from idnode.registry.postgres.group import Written
from idnode.registry.register import Stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from idnode.registry.postgres.address import Address
    from idnode.registry.postgres.connections import Connection

PORTION: Final = 20_000
"""Records that are given at once."""

_COLUMNS: Final = ("folded", "spelled", "packed", "public")
_LANE: Final = 0


class PostgresCopying:
    """One end of a copy: the register in a database. Made by `open`.

    What every method raises when the database refuses: `RegisterUnavailable`.
    """

    def __init__(self, address: Address, connection: Connection) -> None:
        self._connection = connection
        self.name = address.shown

    @classmethod
    async def open(cls, address: Address) -> PostgresCopying:
        """Open the register at an address; the tables of an empty database are made.

        Raises:
            SchemaUnfit: The tables are not those of this version.
            RegisterUnavailable: The database cannot be reached, or refuses.

        """
        connections = Connections(address, 1)
        try:
            await schema.prepare(connections)
        finally:
            await connections.close()
        async with _refusals():
            # Portions need not be on a disk one by one: the place is lost with them.
            return cls(address, await connect(address, settings={"synchronous_commit": "off"}))

    async def count(self) -> int:
        """Return how many records there are."""
        async with _refusals():
            return int(await self._connection.fetchval(statements.COUNT_ALL))

    async def counts(self) -> dict[bytes, int]:
        """Return how many records each folded prefix is counted with."""
        async with _refusals():
            rows = await self._connection.fetch(statements.COUNTS)
        return {row[0]: row[1] for row in rows}

    async def size(self) -> int:
        """Return the bytes of the records and what belongs to them."""
        async with _refusals():
            return int(await self._connection.fetchval(statements.SIZE))

    async def portions(self, after: bytes) -> AsyncIterator[Sequence[Item]]:
        """Yield the records behind a folded handle, ascending by it."""
        while True:
            async with _refusals():
                rows = await self._connection.fetch(statements.NEXT_RECORDS, after, PORTION)
            if not rows:
                return
            portion = [Item(row[0], Stored(row[1], row[2], row[3])) for row in rows]
            yield portion
            after = portion[-1].key

    async def reached(self, source: str) -> Place:
        """Return how far a copy of this source got."""
        async with _refusals():
            row = await self._connection.fetchrow(statements.COPIED, source)
        return Place(b"", 0) if row is None else Place(row[0], row[1])

    async def take(self, source: str, portion: Sequence[Item], place: Place) -> int:
        """Insert the records of a portion that are not there, and note the place, all or nothing."""
        async with _refusals():
            try:
                async with self._connection.transaction():
                    rows = [(key, *stored) for key, stored in portion]
                    await self._connection.copy_records_to_table(
                        "record", records=rows, columns=_COLUMNS
                    )
                    await self._note(source, portion, place)
                    return 0
            except asyncpg.UniqueViolationError:
                async with self._connection.transaction():
                    return await self._merge(source, portion, place)

    async def _merge(self, source: str, portion: Sequence[Item], place: Place) -> int:
        stored = [each.stored for each in portion]
        rows = await self._connection.fetch(
            statements.CREATE,
            [each.key for each in portion],
            [each.handle for each in stored],
            [each.values for each in stored],
            [each.public for each in stored],
        )
        made = {row[0] for row in rows}
        await self._note(source, [each for each in portion if each.key in made], place)
        return len(portion) - len(made)

    async def _note(self, source: str, made: Sequence[Item], place: Place) -> None:
        counts = Written([(each.key, each.stored) for each in made], [], []).counts
        await self._connection.execute(
            statements.ADD_COUNTS, list(counts), list(counts.values()), _LANE
        )
        await self._connection.execute(statements.NOTE_COPIED, source, place.after, place.records)

    async def finish(self, source: str) -> None:
        """Put everything on the disks, and forget the place."""
        async with _refusals():
            await self._connection.execute("SET synchronous_commit TO DEFAULT")
            await self._connection.execute(statements.FORGET_COPIED, source)
            await self._connection.execute("ANALYZE record")

    async def close(self) -> None:
        """Let the database go."""
        async with _refusals():
            await self._connection.close(timeout=1.0)


@asynccontextmanager
async def _refusals() -> AsyncIterator[None]:
    """Have what the database refuses come out as errors of the register."""
    try:
        yield
    except AWAY as error:
        raise away(error) from error
    except asyncpg.UniqueViolationError:
        raise
    except asyncpg.PostgresError as error:
        raise RegisterUnavailable(f"The database refused: {error}") from error
