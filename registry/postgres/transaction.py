"""One transaction on the database: everything up to its commit.

The rows of existing records are locked first and in order, then new ones are inserted in order, then the counts
are added; so transactions of several nodes that touch the same handles wait for each other and never in a circle.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from idnode.registry.postgres import statements
from idnode.registry.postgres.group import Row, decided, keys_of
from idnode.registry.postgres.inserting import columns
from idnode.registry.postgres.limits import LANES
from idnode.registry.postgres.queue import AT_ONCE
from idnode.registry.register import Stored

if TYPE_CHECKING:
    from idnode.registry.mutation import Outcome
    from idnode.registry.postgres.connections import Connection
    from idnode.registry.postgres.group import Written
    from idnode.registry.postgres.inserting import Inserter
    from idnode.registry.postgres.queue import Group


class Overtaken(Exception):
    """Another node has written one of the records meanwhile; the transaction is to be begun anew."""


class Result(NamedTuple):
    """Holds what a transaction has done once it is committed."""

    outcomes: list[Outcome]
    written: Written
    told: list[int]
    """The numbers under which its changes of prefix handles are told."""


async def carry_out(
    connection: Connection,
    group: Group,
    inserter: Inserter,
    *,
    writer: int,
    token: int,
) -> Result:
    """Begin a transaction and do everything but commit it.

    Raises:
        Overtaken: It is to be begun anew.
        asyncpg.PostgresError, asyncpg.InterfaceError, OSError: The database refused, or is away.

    """
    # Numbers of our own, so there is nothing to be quoted.
    await connection.execute(f"BEGIN; UPDATE writer SET token = {token} WHERE id = {writer}")  # noqa: S608
    if group.plain:
        creations = await group.creations()
        outcomes, written = creations.decided(await inserter.insert(connection, creations.wanted))
    else:
        outcomes, written = await _decided(connection, group)
        await _write(connection, inserter, written)
    told = await _tell(connection, list(written.prefix_handles))
    counts = written.counts
    if counts:
        await connection.execute(
            statements.ADD_COUNTS, list(counts), list(counts.values()), writer % LANES
        )
    return Result(outcomes, written, told)


async def _decided(connection: Connection, group: Group) -> tuple[list[Outcome], Written]:
    """Lock what is there, and decide on it; many in a thread, so that the loop answers others meanwhile."""
    rows = await _locked(connection, keys_of(group.submissions))
    if group.items <= AT_ONCE:
        return decided(group.submissions, rows)
    return await asyncio.to_thread(decided, group.submissions, rows)


async def _locked(connection: Connection, keys: list[bytes]) -> dict[bytes, Row]:
    found = await connection.fetch(statements.LOCK, keys)
    return {
        key: Row(Stored(spelled, packed, public), version)
        for key, spelled, packed, public, version in found
    }


async def _write(connection: Connection, inserter: Inserter, written: Written) -> None:
    made = await inserter.insert(connection, written.created)
    if len(made) < len(written.created):
        raise Overtaken
    if written.changed:
        rows = [(key, stored) for key, stored, _version in written.changed]
        versions = [version for _key, _stored, version in written.changed]
        changed = await connection.fetch(statements.CHANGE, *columns(rows), versions)
        if len(changed) < len(rows):
            raise Overtaken
    if written.deleted:
        keys, versions = map(list, zip(*written.deleted, strict=True))
        if len(await connection.fetch(statements.DELETE, keys, versions)) < len(keys):
            raise Overtaken


async def _tell(connection: Connection, prefix_handles: list[bytes]) -> list[int]:
    if not prefix_handles:
        return []
    await connection.execute(f"SELECT pg_advisory_xact_lock({statements.TELLING_LOCK})")
    return [row[0] for row in await connection.fetch(statements.TELL_CHANGES, prefix_handles)]
