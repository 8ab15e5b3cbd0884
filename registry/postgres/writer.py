"""Carries out submissions, one transaction after the other, and finds out what became of each.

What is submitted while a transaction is under way joins the next one. Before its commit is sent, a transaction
that fails has done nothing. When no answer to a commit comes, the connection is dropped and the writer's row
tells (`statements.FENCE`) whether the commit happened; a commit is never taken back and never guessed.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import asyncpg

from idnode.registry.errors import RegisterAway, RegisterBusy, RegisterClosed, RegisterUnavailable
from idnode.registry.postgres import statements
from idnode.registry.postgres.connections import AWAY, Dropped, away, connect, within
from idnode.registry.postgres.group import Submission, distributed
from idnode.registry.postgres.inserting import Inserter
from idnode.registry.postgres.limits import (
    COMMIT_SECONDS,
    RESOLVE_SECONDS,
    RETRIES_MAX,
    STATEMENTS_SECONDS,
    WRITE_QUEUE_BYTES_MAX,
    WRITE_QUEUE_ITEMS_MAX,
)
from idnode.registry.postgres.queue import Queue
from idnode.registry.postgres.transaction import Overtaken, Result, carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from idnode.registry.handle.errors import RegistryError
    from idnode.registry.mutation import Mutation, Outcome
    from idnode.registry.postgres.address import Address
    from idnode.registry.postgres.connections import Connection
    from idnode.registry.postgres.queue import Group

_log: Final = logging.getLogger(__name__)

_ANEW: Final = (
    Overtaken,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
"""Another node was at the same records: begin anew."""

_PAUSE_SECONDS: Final = 0.2


class Writer:
    """The only one that writes for this node. ``committed`` is called with each transaction's seconds and result."""

    def __init__(
        self,
        address: Address,
        *,
        relaxed: bool,
        committed: Callable[[float, Result], None],
    ) -> None:
        self._address = address
        self._settings = {"synchronous_commit": "off"} if relaxed else {}
        self._committed = committed
        self._id = secrets.randbits(62)
        self._inserter = Inserter()
        self._queue = Queue()
        self._bytes = 0
        self.items = 0
        """Mutations that were taken and are not answered yet."""
        self.unreachable = ""
        """Why nothing is taken now, "" when the database can be reached."""
        self.unknown = 0
        """Commits that got no answer, whatever became of them."""
        self._connection: Connection | None = None
        self._warned = False
        self._wake = asyncio.Event()
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect, and begin to carry out what is submitted.

        Raises:
            OSError, asyncpg.PostgresError, asyncpg.InterfaceError: The database is away, or refuses.

        """
        await self._connected()
        self._task = self._loop.create_task(self._run())

    def submit(
        self, mutations: Sequence[Mutation], *, whole: bool
    ) -> asyncio.Future[list[Outcome]]:
        """Take mutations; the future has one outcome each.

        Raises:
            RegisterClosed: The register is closing.
            RegisterAway: The database cannot be reached.
            RegisterBusy: The queue is full.

        """
        if self._closing:
            raise RegisterClosed("The register is closing")
        if self.unreachable:
            raise RegisterAway(self.unreachable)
        submission = Submission(mutations, self._loop.create_future(), whole=whole)
        items = self.items + len(mutations)
        if items > WRITE_QUEUE_ITEMS_MAX or self._bytes + submission.bytes > WRITE_QUEUE_BYTES_MAX:
            raise RegisterBusy("The write queue is full")
        self.items = items
        self._bytes += submission.bytes
        self._queue.append(submission)
        self._wake.set()
        return submission.done

    async def close(self) -> None:
        """Carry out what was taken, and let the database go; again is harmless."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                async with asyncio.timeout(1.0):
                    await connection.execute(statements.FORGET_WRITER, self._id)
                    await connection.close()
            except (*AWAY, asyncpg.PostgresError):
                connection.terminate()

    async def _run(self) -> None:
        while True:
            while self._queue:
                await self._answer(self._queue.next_group())
            if self._closing:
                return
            self._wake.clear()
            if self.unreachable:
                await self._try_again()
            else:
                await self._wake.wait()

    async def _answer(self, group: Group) -> None:
        started = self._loop.time()
        failure: RegistryError | None = None
        result = None
        try:
            result = await self._carried_out(group)
        except RegisterUnavailable as error:
            failure = error
        except asyncpg.PostgresError as error:
            _log.error("the database refused a transaction: %s", error)  # says it all
            failure = RegisterAway(f"The database refused ({type(error).__name__})")
        except Exception as error:  # noqa: BLE001  # whoever waits is to be told
            _log.exception("a transaction failed")
            self._drop()
            failure = RegisterUnavailable(f"The register failed ({type(error).__name__})")
        for submission in group.submissions:
            self.items -= len(submission.mutations)
            self._bytes -= submission.bytes
        if result is not None:
            self.unreachable = ""
            try:
                self._committed(self._loop.time() - started, result)
            except Exception:  # noqa: BLE001  # it is committed, whatever becomes of those who watch
                _log.exception("what was committed cannot be followed")
            for submission, outcomes in distributed(group.submissions, result.outcomes):
                if not submission.done.done():  # else its caller has given up
                    submission.done.set_result(outcomes)
            return
        assert failure is not None
        for submission in group.submissions:
            if not submission.done.done():
                submission.done.set_exception(failure)
                submission.done.exception()  # its caller may have given up
        if self.unreachable:
            self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        """Refuse what waits behind a transaction that could not be carried out."""
        error = RegisterAway(self.unreachable)
        while self._queue:
            submission = self._queue.pop()
            self.items -= len(submission.mutations)
            self._bytes -= submission.bytes
            if not submission.done.done():
                submission.done.set_exception(error)
                submission.done.exception()

    async def _carried_out(self, group: Group) -> Result:
        """Return what a transaction did, once it is committed.

        Raises:
            RegisterAway: The database cannot be reached; nothing was done.
            RegisterUnavailable: It was asked to commit, and nobody can tell whether it did.

        """
        broken = 0
        for _ in range(RETRIES_MAX):
            token = 1 + secrets.randbits(62)
            try:
                connection = await self._connected()
                result = await self._prepared(connection, group, token)
            except _ANEW:
                continue
            except (*AWAY, Dropped) as error:
                self._drop()
                broken += 1
                if broken == 1:
                    continue  # the connection may have been broken for long
                self._note_away(away(error))
                raise away(error) from error
            if await self._commit(connection, token):
                return result
        raise RegisterAway("Other nodes write the same records again and again; try again later")

    async def _prepared(self, connection: Connection, group: Group, token: int) -> Result:
        work = carry_out(connection, group, self._inserter, writer=self._id, token=token)
        try:
            return await within(STATEMENTS_SECONDS, connection, work)
        except (Overtaken, asyncpg.PostgresError):
            if not connection.is_closed():
                await within(STATEMENTS_SECONDS, connection, connection.execute("ROLLBACK"))
            raise

    async def _commit(self, connection: Connection, token: int) -> bool:
        """Commit, and return whether that happened.

        Raises:
            RegisterUnavailable: Nobody can tell.

        """
        self._warned = False
        try:
            told = await within(COMMIT_SECONDS, connection, connection.execute("COMMIT"))
            if not self._warned:
                return told == "COMMIT"
            # Somebody cancelled the wait for the standby: committed here, and maybe nowhere else.
        except (*AWAY, Dropped, asyncpg.PostgresError) as error:
            _log.warning("no answer to a commit (%s)", type(error).__name__)
        self._drop()
        self.unknown += 1
        return await self._resolved(token)

    async def _resolved(self, token: int) -> bool:
        """Return whether the commit with a token happened, as soon as the database can say.

        Raises:
            RegisterUnavailable: It could not for long.

        """
        until = self._loop.time() + RESOLVE_SECONDS
        self._note_away(
            RegisterAway("A commit got no answer; the database is asked what became of it")
        )
        while (left := until - self._loop.time()) > 0:
            try:
                connection = await self._new_connection()
                self._warned = False
                asked = connection.fetchval(statements.FENCE, self._id, token)
                happened = await within(min(left, COMMIT_SECONDS), connection, asked)
                if self._warned:  # somebody cancels what waits for a standby
                    connection.terminate()
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
            except (*AWAY, Dropped, asyncpg.PostgresError):
                await asyncio.sleep(min(_PAUSE_SECONDS, max(left, 0)))
                continue
            self.unreachable = ""
            if happened is None:
                # A leader that never heard of this writer, whose commit did not happen either.
                connection.terminate()
                return False
            self._connection = connection
            return bool(happened)
        raise RegisterUnavailable("The database does not tell whether the change was committed")

    async def _connected(self) -> Connection:
        """Return the connection, made now if there is none."""
        if self._connection is None or self._connection.is_closed():
            connection = await self._new_connection()
            try:
                await within(
                    STATEMENTS_SECONDS,
                    connection,
                    connection.execute(statements.NEW_WRITER, self._id),
                )
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection
        return self._connection

    async def _new_connection(self) -> Connection:
        connection = await connect(self._address, settings=self._settings)
        connection.add_log_listener(self._note_warning)
        return connection

    def _note_warning(self, _connection: object, message: object) -> None:
        if getattr(message, "severity_en", getattr(message, "severity", "")) == "WARNING":
            self._warned = True

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _note_away(self, error: RegistryError) -> None:
        if not self.unreachable:
            _log.warning("%s takes no writes: %s", self._address.shown, error)
        self.unreachable = str(error)

    async def _try_again(self) -> None:
        """Look whether the database is there again."""
        try:
            await self._connected()
        except Exception as error:  # noqa: BLE001  # nobody else would look again
            if not isinstance(error, (*AWAY, Dropped, asyncpg.PostgresError)):
                _log.exception("the database cannot be asked")
            with suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_SECONDS):
                    await self._wake.wait()
            return
        _log.warning("%s takes writes again", self._address.shown)
        self.unreachable = ""
