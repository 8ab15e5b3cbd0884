"""The TCP connections of the asyncio client: a few, shared by many requests."""

import asyncio
from collections import deque
from collections.abc import Callable

from idnode.clients.errors import ConnectionFailed, TimedOut
from idnode.clients.exchange import ClientExchange, Stream


class PooledConnection(asyncio.Protocol):
    """One TCP connection: bytes to the exchange and back, nothing else."""

    def __init__(self, pool: "Connections", stream: Stream) -> None:
        self.stream = stream
        self.ended = False
        self._pool = pool
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand over what was read; close what is of no further use."""
        if not self._pool.received(self, data):
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Say that nothing more will come."""
        self.ended = True
        self._pool.lost(self)

    def write(self, data: bytes) -> None:
        """Send bytes; on a connection that is closing they are dropped, and its requests move on."""
        if self._transport is not None:
            self._transport.write(data)

    def is_closing(self) -> bool:
        """Return whether the connection takes no more requests."""
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Close without waiting."""
        if self._transport is not None:
            self._transport.abort()


class Connections:
    """At most ``connections_max`` open connections, each with at most ``pipeline_max`` requests under way."""

    def __init__(  # noqa: PLR0913  # keywords, passed by one caller
        self,
        server: tuple[str, int],
        exchange: ClientExchange,
        *,
        connections_max: int,
        pipeline_max: int,
        elapsed: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self.pipeline_max = pipeline_max
        self._server = server
        self._exchange = exchange
        self._connections_max = connections_max
        self._elapsed = elapsed
        self._changed = changed
        self._open: list[PooledConnection] = []
        self._connecting = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._closing = False
        self._all_closed = asyncio.Event()

    async def take(self, deadline: float) -> PooledConnection:
        """Return a connection with room for a request, opening one or waiting for room if need be.

        Raises:
            TimedOut: Neither was possible before ``deadline``.
            ConnectionFailed: The server takes no connection.

        """
        try:
            async with asyncio.timeout(max(deadline - self._elapsed(), 0.0)):
                connection = await self._find()
        except TimeoutError as error:
            raise TimedOut("No connection to the server in time") from error
        self.room_changed()
        return connection

    async def _find(self) -> PooledConnection:
        while not self._closing:
            connection = self._least_busy()
            if connection is not None and self._has_room(connection):
                return connection
            if len(self._open) + self._connecting < self._connections_max:
                return await self._connect()
            await self._room()
        raise ConnectionFailed("The client is closed")

    def _least_busy(self) -> PooledConnection | None:
        usable = [connection for connection in self._open if not connection.is_closing()]
        return min(usable, key=lambda connection: len(connection.stream), default=None)

    def _has_room(self, connection: PooledConnection) -> bool:
        """Return whether a further request should go on this connection rather than on a new one."""
        under_way = len(connection.stream)
        full = len(self._open) + self._connecting >= self._connections_max
        return under_way < (self.pipeline_max if full else 1)

    async def _connect(self) -> PooledConnection:
        self._connecting += 1
        try:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(
                lambda: PooledConnection(self, self._exchange.open_stream()), *self._server
            )
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionFailed(f"No connection to {self._server}: {error}") from error
        finally:
            self._connecting -= 1
            self.room_changed()
        if not connection.ended:
            self._open.append(connection)
        if self._closing:
            connection.close()
        return connection

    async def _room(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.room_changed()
            raise

    def room_changed(self) -> None:
        """Let the caller that has waited longest look for a connection again."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def received(self, connection: PooledConnection, data: bytes) -> bool:
        """Take what was read from a connection; False says that it is of no further use."""
        useful = self._exchange.receive_bytes(connection.stream, data, self._elapsed())
        self._changed()
        return useful

    def lost(self, connection: PooledConnection) -> None:
        """Note that a connection ended."""
        if connection in self._open:
            self._open.remove(connection)
        stream = connection.stream
        if stream.answers <= 1 and stream.answers + len(stream) > 1:
            # It closed at its first answer with more under way, as the reference server does.
            self.pipeline_max = 1
        self._exchange.close_stream(connection.stream, self._elapsed())
        self._changed()
        self.room_changed()
        if not self._open:
            self._all_closed.set()

    async def close(self) -> None:
        """Close every connection and wait until all are closed; no further one is opened."""
        self._closing = True
        while self._waiters:
            self.room_changed()
        for connection in list(self._open):
            connection.close()
        self._all_closed.clear()
        if self._open:
            await self._all_closed.wait()
