"""The Handle protocol over TCP (handle-protocol.md §1.4).

A connection stays open until the peer closes it or falls silent: ID-SDK and id-pointer keep one for
everything, and a client that wants one connection per message closes by itself. Requests may be pipelined;
their answers leave in their order, those made during one read in one write. A request whose answer comes later
holds back the answers behind it, not the work on them.

What goes wrong on the way in: a message that cannot be decoded is answered, and the stream goes on; behind an
impossible envelope nothing can be found again, so the peer gets an error if a request id was readable, then
the end of the connection. A stream that ends within a message is told so (protocol error).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from idnode.node.faces.handle.limits import TcpLimits
from idnode.node.faces.handle.tcp_connection import TcpConnection
from idnode.node.faces.sockets import bound_streams
from idnode.node.interceptors.chain import Interceptors
from idnode.node.interceptors.exchange import HANDLE_TCP
from idnode.node.service.handle.admission import Admission
from idnode.node.service.queue_delay import QueueDelay

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from idnode.node.faces.handle.native_runs import NativeStream
    from idnode.node.faces.lending import Lender
    from idnode.node.service.events import Observer
    from idnode.node.service.handle.receiver import Receiver
    from idnode.registry.handle.clock import Clock

_BACKLOG: Final = 1024
"""Connections that the system may hold for us before they are accepted."""


class HandleTcp:
    """The TCP face: listens, and knows its connections."""

    def __init__(  # noqa: PLR0913  # what a face stands on, and its settings
        self,
        receiver: Receiver,
        observer: Observer,
        clock: Clock,
        limits: TcpLimits | None = None,
        *,
        interceptors: Interceptors | None = None,
        queue: QueueDelay | None = None,
    ) -> None:
        self.interceptors = interceptors or Interceptors()
        self.receiver = Admission(receiver, queue or QueueDelay(), HANDLE_TCP)
        self.observer = observer
        self.clock = clock
        self.limits = limits or TcpLimits()
        self.connections: set[TcpConnection] = set()
        self.native: NativeStream | None = None
        """Answers runs of plain resolutions unless somebody has to see each request."""
        self.lender: Lender | None = None
        """Lends connections on which nothing else is asked to threads, where there are such."""
        self._empty = asyncio.Event()
        self._empty.set()
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes any free one.

        Raises:
            OSError: The address cannot be bound.

        """
        await self.serve(await bound_streams(host, port))

    async def serve(self, bound: Iterable[socket.socket]) -> None:
        """Listen on these sockets, which are the face's from now on."""
        loop = asyncio.get_running_loop()
        self._servers = [
            await loop.create_server(lambda: TcpConnection(self), sock=each, backlog=_BACKLOG)
            for each in bound
        ]
        self._schedule_sweep()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are bound."""
        host, port = self._servers[0].sockets[0].getsockname()[:2]
        return host, port

    async def stop(self, drain_seconds: float = 5.0) -> None:
        """Stop listening, answer what was already received, then close every connection.

        Connections that are not done after ``drain_seconds`` are cut.
        """
        if self._sweeper is not None:
            self._sweeper.cancel()
        for server in self._servers:
            server.close()
        for connection in tuple(self.connections):
            connection.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(drain_seconds):
                await self._empty.wait()
        for connection in tuple(self.connections):
            connection.abort()
        await self._empty.wait()
        for server in self._servers:
            await server.wait_closed()

    def joined(self, connection: TcpConnection) -> None:
        """Take in a connection."""
        self.connections.add(connection)
        self._empty.clear()
        self.observer.opened()

    def left(self, connection: TcpConnection) -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        if not self.connections:
            self._empty.set()
        self.observer.closed()

    def _schedule_sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(self.limits.sweep_seconds, self._sweep_again)

    def _sweep_again(self) -> None:
        self.sweep()
        self._schedule_sweep()

    def sweep(self) -> None:
        """Close the connections that have been silent for too long."""
        now = self.clock.elapsed()
        for connection in tuple(self.connections):
            connection.close_if_idle(now)
