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
from collections import deque
from typing import TYPE_CHECKING, Final, cast

from node.faces.limits import TcpLimits
from node.faces.native_runs import Runs
from node.faces.turns import Turn, Turns
from node.protocol.errors import MalformedEnvelope, ProtocolError
from node.protocol.framing import Framer
from node.service.connection import Connection
from node.service.events import CREATE, RESOLVE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from node.clock import Clock
    from node.faces.native_runs import NativeStream
    from node.protocol.envelope import Envelope
    from node.service.door import Door
    from node.service.events import Observer
    from node.service.response import Reply

_BACKLOG: Final = 1024
"""Connections that the system may hold for us before they are accepted."""


class HandleTcp:
    """The TCP face: listens, and knows its connections."""

    def __init__(
        self, door: Door, observer: Observer, clock: Clock, limits: TcpLimits | None = None
    ) -> None:
        self.door = door
        self.observer = observer
        self.clock = clock
        self.limits = limits or TcpLimits()
        self.connections: set[TcpConnection] = set()
        self.native: NativeStream | None = None
        """Answers runs of plain resolutions unless somebody has to see each request."""
        self._empty = asyncio.Event()
        self._empty.set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes any free one.

        Raises:
            OSError: The address cannot be bound.

        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: TcpConnection(self), host, port, backlog=_BACKLOG
        )
        self._schedule_sweep()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are bound."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def stop(self, drain_seconds: float = 5.0) -> None:
        """Stop listening, answer what was already received, then close every connection.

        Connections that are not done after ``drain_seconds`` are cut.
        """
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is not None:
            self._server.close()
        for connection in tuple(self.connections):
            connection.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(drain_seconds):
                await self._empty.wait()
        for connection in tuple(self.connections):
            connection.abort()
        await self._empty.wait()
        if self._server is not None:
            await self._server.wait_closed()

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


class TcpConnection(asyncio.Protocol):
    """One connection: bytes in, answers out in their order."""

    def __init__(self, face: HandleTcp) -> None:
        self._face = face
        self._limits = face.limits
        self._door = face.door
        self._observer = face.observer
        self._elapsed = face.clock.elapsed
        self._framer = Framer(face.limits.message_bytes_max)
        self._runs = Runs(face.clock)
        self._context = Connection((), stream=True)
        self._turns = Turns()
        self._backlog: deque[tuple[Envelope, bytes]] = deque()
        self._transport: asyncio.Transport | None = None
        self._last = 0.0
        self._answering = False
        self._blocked = False
        self._resuming = False
        self._paused = False
        self._failure: ProtocolError | None = None
        self._ending = False
        self._eof = False
        self._lingers = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the face's connections, or be turned away when they are too many."""
        stream = cast("asyncio.Transport", transport)
        face = self._face
        if len(face.connections) >= self._limits.connections_max:
            face.observer.malformed("too_many_connections")
            stream.abort()
            return
        self._transport = stream
        self._last = self._elapsed()
        self._context.peer = stream.get_extra_info("peername") or ()
        stream.set_write_buffer_limits(high=self._limits.output_bytes_max)
        face.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Leave; answers that come later go nowhere."""
        if self._transport is None:
            return
        self._transport = None
        self._ending = True
        self._turns.clear()
        self._backlog.clear()
        self._face.left(self)

    def data_received(self, data: bytes) -> None:
        """Answer every request that these bytes complete."""
        if self._ending:
            return
        framer = self._framer
        data = self._answer_run(data)
        if not data:
            return
        try:
            messages = framer.feed(data)
        except MalformedEnvelope:
            messages = []
        if self._backlog:
            self._backlog.extend(messages)
        elif messages:
            self._answer(messages)
        if framer.failure is not None:
            self._failure = framer.failure
            self._settle()

    def _answer_run(self, data: bytes) -> bytes:
        """Have native code answer the plain resolutions in front, if nobody waits; returns what is left."""
        native, transport = self._face.native, self._transport
        framer = self._framer
        if native is None or transport is None or self._turns or self._backlog or framer.within:
            return self._runs.give_back() + data
        answers, data = self._runs.take(native, data)
        if answers:
            self._last = self._elapsed()
            transport.write(answers)
        return data

    def eof_received(self) -> bool:
        """Answer what is complete and say what is not; the connection ends with the last answer."""
        self._eof = True
        if not self._ending:
            self._ending = True
            try:
                if tail := self._runs.give_back():
                    self._framer.feed(tail)
                self._framer.finish()
            except ProtocolError as error:
                self._failure = error
            self._settle()
        return self._transport is not None and bool(self._turns or self._backlog)

    def pause_writing(self) -> None:
        """Stop reading: the peer does not take its answers."""
        self._blocked = True
        self._pause()

    def resume_writing(self) -> None:
        """Go on where `pause_writing` stopped."""
        self._blocked = False
        self._resume_soon()

    def finish(self) -> None:
        """Take no more requests, and end when those received are answered."""
        self._ending = True
        self._pause()
        self._settle()

    def abort(self) -> None:
        """End now, without sending what is left."""
        if self._transport is not None:
            self._transport.abort()

    def close_if_idle(self, now: float) -> None:
        """Close a connection whose peer has not sent a whole request, or taken an answer, for too long."""
        transport = self._transport
        idle = now - self._last
        if transport is None or (len(self._turns) and not self._blocked):
            return
        if self._lingers and idle > self._limits.linger_seconds:
            transport.abort()
        elif idle > self._limits.idle_seconds:
            if self._blocked:
                transport.abort()
            else:
                transport.close()

    def _answer(self, messages: Iterable[tuple[Envelope, bytes]]) -> None:
        """Have messages answered, up to the bounds; what is left over waits in the backlog."""
        admit = self._door.admit
        context = self._context
        turns = self._turns
        limits = self._limits
        answered = self._answered
        bytes_max, requests_max = limits.output_bytes_max, limits.requests_max
        left = limits.requests_per_turn
        started = self._last = self._elapsed()
        context.now = int(self._face.clock.now())
        self._answering = True
        waiting = iter(messages)
        for envelope, data in waiting:
            turn = Turn(answered, started)
            admit(envelope, data, context, turn.reply)
            turns.keep(turn)
            left -= 1
            if not left or turns.size > bytes_max or len(turns) >= requests_max:
                self._backlog.extend(waiting)
        self._answering = False
        self._flush()
        if self._backlog or self._is_full():
            self._pause()
            self._resume_soon()

    def _answered(self, turn: Turn, reply: Reply) -> None:
        """Tell the observer of an answer, and send it when it is in order."""
        if self._transport is None:
            return
        operation, code, prefix = reply.operation, reply.response_code, reply.prefix
        observer = self._observer
        now = self._elapsed()
        observer.answered(operation, code, prefix, now - turn.started)
        if operation == RESOLVE:
            observer.resolved(code, prefix, 1)
        elif operation == CREATE:
            observer.registered(code, prefix, 1)
        self._turns.place(turn, reply.wire)
        if not self._answering:
            self._last = now
            self._flush()
            self._resume_soon()

    def _flush(self) -> None:
        if self._turns.ready and self._transport is not None:
            self._transport.write(self._turns.take())

    def _is_full(self) -> bool:
        turns, limits = self._turns, self._limits
        return (
            self._blocked
            or turns.size > limits.output_bytes_max
            or len(turns) >= limits.requests_max
        )

    def _pause(self) -> None:
        transport = self._transport
        if transport is not None and not (self._paused or self._eof or transport.is_closing()):
            transport.pause_reading()
            self._paused = True

    def _read_on(self, transport: asyncio.Transport) -> None:
        if self._paused and not transport.is_closing():
            transport.resume_reading()
            self._paused = False

    def _resume_soon(self) -> None:
        waits = self._paused or self._ending or self._backlog
        if waits and not self._resuming and not self._is_full():
            self._resuming = True
            asyncio.get_running_loop().call_soon(self._resume)

    def _resume(self) -> None:
        """Go on with the backlog, then with reading, as far as the bounds allow."""
        self._resuming = False
        if self._transport is None or self._is_full():
            return
        if self._backlog:
            messages, self._backlog = self._backlog, deque()
            self._answer(messages)
        if not self._backlog and not self._is_full():
            self._settle()

    def _settle(self) -> None:
        """When no request waits for its turn: say what broke the stream, end it, or read on."""
        transport = self._transport
        if transport is None or self._backlog:
            return
        if self._failure is not None:
            failure, self._failure = self._failure, None
            self._refuse(failure)
        if not self._ending:
            self._read_on(transport)
        elif not self._turns:
            self._end(transport)

    def _refuse(self, failure: ProtocolError) -> None:
        """Answer what broke the stream, if anybody can be answered, and take nothing more."""
        self._observer.malformed(type(failure).__name__)
        self._ending = True
        envelope = self._framer.rejected
        if envelope is not None:
            self._lingers = not self._eof
            self._answering = True
            turn = Turn(self._answered, self._elapsed())
            self._door.refuse(failure, envelope, self._context, turn.reply)
            self._turns.keep(turn)
            self._answering = False
            self._flush()

    def _end(self, transport: asyncio.Transport) -> None:
        """Close when everything is sent.

        A peer that was refused may still be sending. It is read, and ignored, until it ends or for a moment:
        closing at once would reset the connection, and the peer might never see the answer.
        """
        if self._lingers and not self._eof:
            if not transport.is_closing():
                transport.write_eof()
            self._read_on(transport)
        else:
            transport.close()
