"""One transaction on the database: everything up to its commit.

The rows of existing records are locked first and in order, then new ones are inserted in order, then the counts
are added; so transactions of several nodes that touch the same handles wait for each other and never in a circle.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from idnode.registry.postgres import statements
from idnode.registry.postgres.group import PlainCreations, Row, decided, keys_of
from idnode.registry.register import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from idnode.registry.mutation import Outcome
    from idnode.registry.postgres.connections import Connection
    from idnode.registry.postgres.group import Submission, Written


_Result = TypeVar("_Result")

_AT_ONCE: Final = 100
"""Mutations that are decided without leaving the loop: about a millisecond's."""


class Overtaken(Exception):
    """Another node has written one of the records meanwhile; the transaction is to be begun anew."""


class Result(NamedTuple):
    """Holds what a transaction has done once it is committed."""

    outcomes: list[Outcome]
    written: Written
    told: list[int]
    """The numbers under which its changes of prefix handles are told."""


async def carry_out(
    connection: Connection, submissions: Sequence[Submission], *, writer: int, token: int, lane: int
) -> Result:
    """Begin a transaction and do everything but commit it.

    Raises:
        Overtaken: It is to be begun anew.
        asyncpg.PostgresError, asyncpg.InterfaceError, OSError: The database refused, or is away.

    """
    # Numbers of our own, so there is nothing to be quoted.
    await connection.execute(f"BEGIN; UPDATE writer SET token = {token} WHERE id = {writer}")  # noqa: S608
    if all(submission.plain for submission in submissions):
        creations = await _aside(partial(PlainCreations, submissions), submissions)
        made = await _create(connection, creations.wanted)
        outcomes, written = creations.outcomes(made), creations.written(made)
    else:
        rows = await _locked(connection, keys_of(submissions))
        outcomes, written = await _aside(partial(decided, submissions, rows), submissions)
        await _write(connection, written)
    told = await _tell(connection, list(written.prefix_handles()))
    counts = written.counts()
    if counts:
        await connection.execute(statements.ADD_COUNTS, list(counts), list(counts.values()), lane)
    return Result(outcomes, written, told)


async def _aside(work: Callable[[], _Result], submissions: Sequence[Submission]) -> _Result:
    """Return what work makes of submissions; of many in a thread, so that the loop answers others meanwhile."""
    if sum(len(each.mutations) for each in submissions) <= _AT_ONCE:
        return work()
    return await asyncio.to_thread(work)


async def _create(connection: Connection, wanted: Sequence[tuple[bytes, Stored]]) -> set[bytes]:
    """Insert what is not there yet, and return the folded handles of that."""
    if not wanted:
        return set()
    made = await connection.fetch(statements.CREATE, *_columns(wanted))
    return {row[0] for row in made}


async def _locked(connection: Connection, keys: list[bytes]) -> dict[bytes, Row]:
    found = await connection.fetch(statements.LOCK, keys)
    return {
        key: Row(Stored(spelled, packed, public), version)
        for key, spelled, packed, public, version in found
    }


async def _write(connection: Connection, written: Written) -> None:
    made = await _create(connection, written.created)
    if len(made) < len(written.created):
        raise Overtaken
    if written.changed:
        rows = [(key, stored) for key, stored, _version in written.changed]
        versions = [version for _key, _stored, version in written.changed]
        changed = await connection.fetch(statements.CHANGE, *_columns(rows), versions)
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


def _columns(
    rows: Sequence[tuple[bytes, Stored]],
) -> tuple[list[bytes], list[bytes], list[bytes], list[bool]]:
    """Return the columns of records for `unnest`."""
    return (
        [key for key, _stored in rows],
        [stored.handle for _key, stored in rows],
        [stored.values for _key, stored in rows],
        [stored.public for _key, stored in rows],
    )
