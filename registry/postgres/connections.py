"""Connections to the database, and which errors mean that it is away.

No statement has a time limit on the server, since a commit that is cancelled while it waits for its standby
reports success. Nothing here ever asks the server to cancel: who has waited long enough drops the connection.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from idnode.registry.errors import RegisterAway

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

    from idnode.registry.postgres.address import Address

    Connection = asyncpg.Connection[asyncpg.Record]

_Result = TypeVar("_Result")

CONNECT_SECONDS: Final = 3.0
"""Longest wait for one host to let a connection in."""

ANSWER_SECONDS: Final = 5.0
"""Longest wait for an answer to a question."""

AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.exceptions.ClientCannotConnectError,
    asyncpg.exceptions.TargetServerAttributeNotMatched,
    asyncpg.exceptions.InternalClientError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
)
"""The database is away, shutting down, full, or no longer the one that takes writes."""


class Dropped(Exception):
    """A connection was given up because its answer took too long; the server may still be at work."""


def away(error: BaseException) -> RegisterAway:
    """Return what a peer is told of an error that means that the database is away."""
    return RegisterAway(f"The database cannot be reached ({type(error).__name__}); try again later")


async def connect(address: Address, *, settings: dict[str, str] | None = None) -> Connection:
    """Return a connection to the host that an address asks for.

    All hosts are tried at once, since one that is dead without a word would keep the others waiting.

    Raises:
        OSError, asyncpg.PostgresError, asyncpg.InterfaceError: There is none, or it refuses.

    """
    if len(address.hosts) < 2 or address.target == SessionAttribute.prefer_standby:
        return await _connect(address, settings)
    loop = asyncio.get_running_loop()
    tries = [loop.create_task(_connect(address, settings, *each)) for each in address.hosts]
    left = set(tries)
    errors: list[BaseException] = []
    try:
        while left:
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                if (error := one.exception()) is None:
                    tries.remove(one)
                    return one.result()
                errors.append(error)
    finally:
        for one in tries:
            one.cancel()
            one.add_done_callback(_let_go)
    # What a host refuses says more than that others are away.
    raise min(errors, key=lambda error: isinstance(error, AWAY))


def _let_go(attempt: asyncio.Task[Connection]) -> None:
    """End the connection that came of an attempt which nobody waits for."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().terminate()


async def _connect(address: Address, settings: dict[str, str] | None, *place: str) -> Connection:
    """Return a connection to one host and port, or to those of the address."""
    host, port = place or (None, None)
    with _broken_told():
        return await asyncpg.connect(
            address.url,
            host=host,
            port=port,
            timeout=CONNECT_SECONDS,
            target_session_attrs=SessionAttribute(address.target),
            server_settings={"application_name": "idnode", **(settings or {})},
        )


@contextmanager
def _broken_told() -> Iterator[None]:
    """Have a connection that broke right before a write come out as one that broke.

    uvloop has only a `RuntimeError` for that, which asyncpg lets through.
    """
    try:
        yield
    except RuntimeError as error:
        if type(error) is not RuntimeError:
            raise
        raise ConnectionResetError(str(error)) from error


async def within(
    seconds: float, connection: Connection, work: Coroutine[Any, Any, _Result]
) -> _Result:
    """Return what work on a connection returns; after too long drop the connection, never cancel.

    Raises:
        Dropped: It took too long.

    """
    task = asyncio.get_running_loop().create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        connection.terminate()
        await asyncio.wait({task})
        task.exception()
        raise
    if not done:
        connection.terminate()
        await asyncio.wait({task})
        task.exception()
        raise Dropped
    with _broken_told():
        return task.result()


class Connections:
    """A bounded number of connections, made when they are needed and kept while they work."""

    def __init__(self, address: Address, most: int, seconds: float = ANSWER_SECONDS) -> None:
        self._address = address
        self._seconds = seconds
        self._idle: list[Connection] = []
        self._places = asyncio.Semaphore(most)
        self._failed_at = float("-inf")
        self._now = asyncio.get_running_loop().time

    @property
    def address(self) -> Address:
        """Return where they lead."""
        return self._address

    async def ask(self, work: Callable[[Connection], Awaitable[_Result]]) -> _Result:
        """Return what work on some connection returns; one that broke while idle is replaced once.

        Raises:
            RegisterAway: The database cannot be reached, or does not answer.

        """
        if self._now() < self._failed_at + _REST_SECONDS:
            raise RegisterAway("The database cannot be reached; try again later")
        async with self._places:
            while self._idle:
                connection = self._idle.pop()
                try:
                    return await self._on(connection, work)
                except AWAY:
                    continue  # it may have been broken for long
                except Dropped as error:
                    self._failed_at = self._now()
                    raise away(error) from error
            try:
                return await self._on(await connect(self._address), work)
            except (*AWAY, Dropped) as error:
                self._failed_at = self._now()
                raise away(error) from error

    async def _on(
        self, connection: Connection, work: Callable[[Connection], Awaitable[_Result]]
    ) -> _Result:
        async def carry_out() -> _Result:
            return await work(connection)

        try:
            result = await within(self._seconds, connection, carry_out())
        except BaseException:
            connection.terminate()
            raise
        self._idle.append(connection)
        return result

    async def close(self) -> None:
        """Let the idle ones go."""
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.close(timeout=1.0)
            except (*AWAY, asyncpg.PostgresError):
                connection.terminate()


_REST_SECONDS: Final = 0.25
"""Time after a failure in which nobody tries again, so that what cannot be had is refused at once."""
