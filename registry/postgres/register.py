"""The register on PostgreSQL: `registry/register.py` over a database that any number of nodes share.

One connection writes, a few others ask. Records are never kept between requests, so what one node writes the
others read at once; only what a node derives from prefix handles follows within `POLL_SECONDS`, and public resolution
may be given an older record where that was asked for (`public.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import asyncpg

from idnode.registry.errors import RegisterUnavailable
from idnode.registry.fetching import FetchedRecords
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.names import fold
from idnode.registry.limits import BATCH_ITEMS_MAX, PAGE_HANDLES_MAX
from idnode.registry.postgres import schema
from idnode.registry.postgres.connections import AWAY, Connections, Dropped, away
from idnode.registry.postgres.feed import Feed
from idnode.registry.postgres.limits import READ_CONNECTIONS, WRITE_QUEUE_ITEMS_MAX
from idnode.registry.postgres.public import PublicRecords
from idnode.registry.postgres.reader import Reader
from idnode.registry.postgres.sharing import SharedDatabase
from idnode.registry.postgres.statements import COUNT, FIRST_PAGE, NEXT_PAGE
from idnode.registry.postgres.writer import Writer
from idnode.registry.register import Capabilities, Page, RegisterStats

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Sequence

    from idnode.registry.mutation import Mutation, Outcome
    from idnode.registry.postgres.address import Address
    from idnode.registry.postgres.connections import Connection
    from idnode.registry.postgres.public import PublicReading
    from idnode.registry.postgres.transaction import Result

    _Result = TypeVar("_Result")
    Observer = Callable[[float, int], None]


class PostgresRegister:
    """The register in a database. Made by `open`."""

    def __init__(
        self,
        address: Address,
        *,
        relaxed: bool,
        observer: Observer | None,
        closed: Callable[[], None],
        public: PublicReading | None,
    ) -> None:
        self._connections = Connections(address, READ_CONNECTIONS)
        self._observer = observer
        self._watchers: list[Callable[[bytes], None]] = []
        self._records = FetchedRecords(self.prefetch)
        self.lookup = self._records.lookup
        self._reader = Reader(self._connections, READ_CONNECTIONS - 1)  # one is left for pages
        self._public = (
            PublicRecords(public, self._connections, self._reader) if public is not None else None
        )
        self._feed = Feed(self._connections, self._follow)
        self._writer = Writer(address, relaxed=relaxed, committed=self._committed)
        self._opened: dict[str, str] = {}
        self._tell_closed = closed
        self._closed = False
        self.capabilities = Capabilities(
            shared=SharedDatabase(address, self._connections),
            public_lookup=None if self._public is None else self._public.lookup,
        )

    @classmethod
    async def open(
        cls,
        address: Address,
        *,
        relaxed: bool = False,
        observer: Observer | None = None,
        closed: Callable[[], None] = lambda: None,
        public: PublicReading | None = None,
    ) -> PostgresRegister:
        """Open the register at an address; the tables of an empty database are made.

        ``relaxed`` has writes acknowledged before they are on a disk. ``observer`` is called after each commit with
        its seconds and its number of mutations, ``closed`` once the register is closed. ``public`` says what public
        resolution may be answered from besides the database.

        Raises:
            SchemaUnfit: The tables are not those of this version.
            RegisterUnavailable: The database cannot be reached, or refuses.

        """
        register = cls(address, relaxed=relaxed, observer=observer, closed=closed, public=public)
        try:
            register._opened = await schema.prepare(register._connections)
            await register._writer.start()
            await register._feed.start()
        except BaseException as error:
            await register.close()
            if isinstance(error, (*AWAY, Dropped)):
                raise away(error) from error
            if isinstance(error, asyncpg.PostgresError):
                raise RegisterUnavailable(f"{address.shown} refused: {error}") from error
            raise
        return register

    async def prefetch(self, handles: Sequence[bytes]) -> None:
        """Have `lookup` answer for these handles in this task."""
        age = self._records.age
        keys = list(dict.fromkeys(map(fold, handles)))
        found = await self._reader.fetch(keys)
        self._records.keep({key: found.get(key) for key in keys}, age)

    def submit(
        self, mutations: Sequence[Mutation], *, all_or_nothing: bool = False
    ) -> asyncio.Future[list[Outcome]]:
        """Carry out mutations in order; the future has one outcome each, once they are committed.

        Raises:
            ValueError: More than `BATCH_ITEMS_MAX` mutations.
            RegisterBusy: Nothing was taken; try again later. Also by the future.
            RegisterClosed: The register is closing.
            RegisterUnavailable: By the future: nobody can tell what became of them.

        """
        if len(mutations) > BATCH_ITEMS_MAX:
            raise ValueError(f"At most {BATCH_ITEMS_MAX} mutations can be submitted at once")
        done = self._writer.submit(mutations, whole=all_or_nothing)
        done.add_done_callback(lambda _: self._wrote(mutations))
        return done

    def _wrote(self, mutations: Sequence[Mutation]) -> None:
        """Have nobody look at what was read before these, whatever became of them."""
        self._records.forget(each.handle for each in mutations)
        if self._public is not None:
            self._public.wrote([each.handle for each in mutations])

    async def page(self, prefix: bytes, *, after: bytes = b"", limit: int = 1000) -> Page:
        """Return up to ``limit`` handles of a prefix that sort behind the cursor ``after``.

        Raises:
            RegisterUnavailable: The handles cannot be had now.

        """
        limit = max(1, min(limit, PAGE_HANDLES_MAX))
        folded = fold(prefix)
        statement = NEXT_PAGE if after else FIRST_PAGE
        start, end = fold(after) or folded + b"/", folded + b"0"  # what sorts next to a slash

        async def listed(connection: Connection) -> list[bytes]:
            rows = await connection.fetch(statement, start, end, limit + 1)
            return [row[0] for row in rows]

        handles = await self._asked(listed)
        if len(handles) <= limit:
            return Page(handles, None)
        return Page(handles[:limit], fold(handles[limit - 1]))

    async def count(self, prefix: bytes) -> int:
        """Return how many handles a prefix has.

        Raises:
            RegisterUnavailable: They cannot be counted now.

        """

        async def counted(connection: Connection) -> int:
            return int(await connection.fetchval(COUNT, fold(prefix)))

        return await self._asked(counted)

    async def _asked(self, work: Callable[[Connection], Awaitable[_Result]]) -> _Result:
        try:
            return await self._connections.ask(work)
        except asyncpg.PostgresError as error:
            raise RegisterUnavailable(f"The database refused: {error}") from error

    def watch(self, callback: Callable[[bytes], None]) -> None:
        """Call back with the folded handle after each change of a prefix handle, whichever node made it."""
        self._watchers.append(callback)

    def _committed(self, seconds: float, result: Result) -> None:
        """Take in what a transaction of this node has done, before its submitters hear of it."""
        if self._observer is not None:
            self._observer(seconds, len(result.outcomes))
        written = result.written
        self._feed.identifiers += len(written.created) - len(written.deleted)
        self._feed.skip(result.told)
        for key, stored in written.prefix_handles.items():
            self._records.changed(key, stored, self._watchers)

    async def _follow(self, keys: Sequence[bytes]) -> None:
        """Take in that other nodes have changed these prefix handles."""
        if self._public is not None:
            self._public.wrote(keys)
        found = await self._reader.fetch(keys)
        for key in keys:
            stored = found.get(key)
            if isinstance(stored, RegistryError):
                raise stored
            self._records.changed(key, stored, self._watchers)

    def stats(self) -> RegisterStats:
        """Return the present figures; the number of identifiers is seconds old where other nodes write."""
        figures: dict[str, float] = {
            "queue_items": self._writer.items,
            "queue_limit_items": WRITE_QUEUE_ITEMS_MAX,
            "database_questions": self._reader.questions,
            "database_records": self._reader.keys,
            "unanswered_commits": self._writer.unknown,
        }
        if self._public is not None:
            figures |= self._public.figures()
        return RegisterStats(
            self._feed.identifiers, figures, self._opened, unwritable=self._writer.unreachable
        )

    async def close(self) -> None:
        """Carry out what was submitted, and let the database go; again is harmless."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._feed.close()
            await self._writer.close()
            if self._public is not None:
                await self._public.close()
            await self._reader.close()
            await self._connections.close()
        finally:
            self._tell_closed()
