"""Inserts new records: by COPY where none of them is expected to be there, otherwise by a statement that skips those.

COPY takes half the time, but fails as a whole when a single record is there. It is therefore tried behind a savepoint,
and after a failure not tried again for some insertions: twice as many after each failure in a row, so that writers who
send what is there already leave few dead rows behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import asyncpg

from idnode.registry.postgres.statements import CREATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.registry.postgres.connections import Connection
    from idnode.registry.register import Stored

_COPIED_MIN: Final = 100
"""Records from which on COPY is worth its savepoint."""

_REST_MAX: Final = 64
"""Most insertions without an attempt to copy."""

_COLUMNS: Final = ("folded", "spelled", "packed", "public")


class Inserter:
    """Inserts for one writer, and remembers whether that met records that were there."""

    def __init__(self) -> None:
        self._left = 0
        self._rest = 1

    async def insert(
        self, connection: Connection, rows: Sequence[tuple[bytes, Stored]]
    ) -> set[bytes]:
        """Insert what is not there yet, ascending by folded handle, and return the folded handles of that.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: The database refused, or is away.

        """
        if len(rows) >= _COPIED_MIN:
            if not self._left:
                if await self._copied(connection, rows):
                    return {key for key, _stored in rows}
            else:
                self._left -= 1
        if not rows:
            return set()
        made = await connection.fetch(CREATE, *columns(rows))
        return {row[0] for row in made}

    async def _copied(self, connection: Connection, rows: Sequence[tuple[bytes, Stored]]) -> bool:
        """Return whether none of the records was there, and all are."""
        await connection.execute("SAVEPOINT copied")
        try:
            await connection.copy_records_to_table(
                "record", records=[(key, *stored) for key, stored in rows], columns=_COLUMNS
            )
        except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
            # Rows of partitions are not inserted in one order, so two nodes may wait for each other.
            await connection.execute("ROLLBACK TO SAVEPOINT copied")
            self._left = self._rest
            self._rest = min(2 * self._rest, _REST_MAX)
            return False
        self._rest = 1
        return True


def columns(
    rows: Sequence[tuple[bytes, Stored]],
) -> tuple[list[bytes], list[bytes], list[bytes], list[bool]]:
    """Return the columns of records for `unnest`."""
    return (
        [key for key, _stored in rows],
        [stored.handle for _key, stored in rows],
        [stored.values for _key, stored in rows],
        [stored.public for _key, stored in rows],
    )
