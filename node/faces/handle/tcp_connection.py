"""One TCP connection of the Handle protocol: bytes in, answers out in their order (see `handle_tcp`)."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, cast

from idnode.node.faces.handle.native_runs import Runs
from idnode.node.faces.handle.reply_queue import PendingReply, ReplyQueue
from idnode.node.faces.handle.tcp_passages import Passages, reset_connection
from idnode.node.faces.lending import NOT_LENT, RUNS_BEFORE, TCP_FACE, recall
from idnode.node.service.errors import PeerGone
from idnode.node.service.events import CREATE, RESOLVE
from idnode.node.service.handle.connection import Connection
from idnode.registry.handle.wire.constants import EnvelopeFlag
from idnode.registry.handle.wire.errors import MalformedEnvelope, ProtocolError
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.stream_parts import Joiner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idnode.node.faces.handle.listener import Listener
    from idnode.node.service.handle.response import Reply
    from idnode.registry.handle.wire.envelope import Envelope

_TRUNCATED: Final = EnvelopeFlag.TRUNCATED


class TcpConnection(asyncio.Protocol):
    """One connection: bytes in, answers out in their order."""

    def __init__(self, face: Listener[TcpConnection]) -> None:
        self._face = face
        self._limits = face.limits
        self._receiver = face.receiver
        self._observer = face.observer
        self._elapsed = face.clock.elapsed
        self._framer = Framer(face.limits.message_bytes_max)
        self._runs = Runs(face.clock)
        self._context = Connection((), stream=True, room=self.room)
        self._joiner = Joiner()
        self._room_made = asyncio.Event()
        self._queue = ReplyQueue()
        self._backlog: deque[tuple[Envelope, bytes]] = deque()
        self._transport: asyncio.Transport | None = None
        self._interceptors = face.interceptors
        self._passages = Passages(face.interceptors, self)
        self._broken = b""
        self._last = 0.0
        self._answering = False
        self._blocked = False
        self._resuming = False
        self._paused = False
        self._failure: ProtocolError | None = None
        self._ending = False
        self._eof = False
        self._lingers = False
        self.loan = NOT_LENT
        self._plain_runs = 0

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
        self._context.peer = self._passages.peer = stream.get_extra_info("peername") or ()
        stream.set_write_buffer_limits(high=self._limits.output_bytes_max)
        face.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Leave; answers that come later go nowhere."""
        if self._transport is None:
            return
        self._transport = None
        self._ending = True
        self._queue.clear()
        self._backlog.clear()
        self._room_made.set()
        self._face.left(self)

    def data_received(self, data: bytes) -> None:
        """Answer every request that these bytes complete."""
        if self._ending:
            return
        if data := self._answer_run(data):
            self._take_in(data)

    def _take_in(self, data: bytes) -> None:
        """Answer what native code left, and all behind it."""
        framer = self._framer
        try:
            messages = framer.feed(data)
        except MalformedEnvelope:
            messages = []
        if self._backlog:
            self._backlog.extend(messages)
        elif messages and self._limits.one_answer:
            self._answer(messages[:1])
            self._ending, self._lingers = True, not self._eof
            self._settle()
            return
        elif messages:
            self._answer(messages)
        if framer.failure is not None:
            self._failure, self._broken = framer.failure, data
            self._settle()

    def _answer_run(self, data: bytes) -> bytes:
        """Have native code answer the plain resolutions in front, if nobody waits; returns what is left."""
        native, transport = self._face.native, self._transport
        framer = self._framer
        waits = self._queue or self._backlog or framer.within or self._limits.one_answer
        if native is None or transport is None or waits:
            return self._runs.give_back() + data
        lender = self._face.lender
        if lender is not None and self._plain_runs >= RUNS_BEFORE:
            data = self._runs.give_back() + data
            if lender.lend(self, transport, TCP_FACE, data):
                return b""
        answers, data = self._runs.take(native, data, self._receiver.queue.delay)
        if answers:
            self._last = self._elapsed()
            transport.write(answers)
        self._plain_runs = 0 if data else self._plain_runs + 1
        return data

    def come_back(self, held: bytes, last: float) -> None:
        """Go on where a thread stopped, which had the connection (`lending`)."""
        self._last = last
        self._plain_runs = 0
        if (
            held and not self._ending
        ):  # a thread has left it already: it is not asked of native code again
            self._take_in(held)

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
        return self._transport is not None and bool(self._queue or self._backlog)

    def pause_writing(self) -> None:
        """Stop reading: the peer does not take its answers."""
        self._blocked = True
        self._pause()

    def resume_writing(self) -> None:
        """Go on where `pause_writing` stopped."""
        self._blocked = False
        self._room_made.set()
        self._resume_soon()

    async def room(self) -> None:
        """Wait until the peer has taken most of what was sent (see `Connection.room`).

        Raises:
            PeerGone: The connection ended.

        """
        while self._blocked or self._queue.size > self._limits.output_bytes_max:
            self._room_made.clear()
            await self._room_made.wait()
        if self._transport is None:
            raise PeerGone("The connection ended")

    def finish(self) -> None:
        """Take no more requests, and end when those received are answered."""
        recall(self._face.lender, self)
        self._ending = True
        self._pause()
        self._settle()

    def abort(self) -> None:
        """End now, without sending what is left."""
        recall(self._face.lender, self)
        if self._transport is not None:
            self._transport.abort()

    def close_if_idle(self, now: float) -> None:
        """Close a connection whose peer has not sent a whole request, or taken an answer, for too long."""
        transport, lender = self._transport, self._face.lender
        if lender is not None and self.loan != NOT_LENT:
            self._last = lender.last(self)
        idle = now - self._last
        if idle > self._limits.idle_seconds:
            recall(lender, self)
        if transport is None or (len(self._queue) and not self._blocked):
            return
        if self._lingers and idle > self._limits.linger_seconds:
            transport.abort()
        elif idle > self._limits.idle_seconds:
            (transport.abort if self._blocked else transport.close)()

    def _answer(self, messages: Iterable[tuple[Envelope, bytes]]) -> None:
        """Have messages answered, up to the bounds; what is left over waits in the backlog."""
        receive = self._receiver.receive
        context = self._context
        queue, limits = self._queue, self._limits
        answered = self._answered
        bytes_max, requests_max = limits.output_bytes_max, limits.requests_max
        left = limits.requests_per_turn
        self._last = self._elapsed()
        started = self._last - self._receiver.queue.delay
        context.now = int(self._face.clock.now())
        self._answering = True
        intercepted = self._interceptors.active
        waiting = iter(messages)
        for envelope, data in waiting:
            pending = PendingReply(answered, started)
            if envelope.flags & _TRUNCATED:
                self._join(envelope, data, pending)
                continue
            if intercepted:
                self._intercept(envelope, data, pending)
            else:
                receive(envelope, data, context, pending.reply)
            queue.keep(pending)
            left -= 1
            if not left or queue.size > bytes_max or len(queue) >= requests_max:
                self._backlog.extend(waiting)
        self._answering = False
        self._flush()
        if self._backlog or self._is_full():
            self._pause()
            self._resume_soon()

    def _join(self, envelope: Envelope, data: bytes, pending: PendingReply) -> None:
        """Take a part of a message, and have the message answered that it completes."""
        try:
            whole = self._joiner.take(envelope, data)
        except ProtocolError as error:
            self._observer.malformed(type(error).__name__)
            self._refuse_one(error, envelope, data, pending)
        else:
            if whole is None:
                return
            if self._interceptors.active:
                self._intercept(*whole, pending)
            else:
                self._receiver.receive(*whole, self._context, pending.reply)
        self._queue.keep(pending)

    def _intercept(self, envelope: Envelope, data: bytes, pending: PendingReply) -> None:
        """Have a message answered if the interceptors let it pass."""
        receive, context = self._receiver.receive, self._context
        passage = self._passages.make(envelope.encode() + data, pending)
        passage.begin(lambda: receive(envelope, data, context, pending.reply))

    def _refuse_one(
        self, error: ProtocolError, envelope: Envelope, data: bytes, pending: PendingReply
    ) -> None:
        """Answer a message that does not get in."""
        refuse, context = self._receiver.refuse, self._context
        if self._interceptors.active:
            passage = self._passages.make(envelope.encode() + data, pending)
            passage.begin(lambda: refuse(error, envelope, context, pending.reply))
        else:
            refuse(error, envelope, context, pending.reply)

    def _answered(self, pending: PendingReply, reply: Reply) -> None:
        """Tell the observer of an answer, and send it when it is in order."""
        if self._transport is None:
            return
        operation, code, prefix = reply.operation, reply.response_code, reply.prefix
        observer = self._observer
        now = self._elapsed()
        observer.answered(operation, code, prefix, now - pending.started)
        if operation == RESOLVE:
            observer.resolved(code, prefix, 1)
        elif operation == CREATE:
            observer.registered(code, prefix, 1)
        if pending.passage is None:
            self._queue.place(pending, reply.wire)
        else:
            # The request keeps its place in the order until its passage is over.
            pending.done = False
            pending.passage.answer(reply, (reply.wire,))
        if not self._answering:
            self._last = now
            self._flush()
            self._resume_soon()

    def leave(self, pending: PendingReply, wire: bytes, *, last: bool = False) -> None:
        """Send bytes in a piece of their own when they are in order; ``last``: no more of this answer follow."""
        if self._transport is None:
            return
        pending.done = last
        self._queue.place(pending, wire)
        self._flush()
        if last and not self._answering:
            self._resume_soon()

    def cut(self, *, reset: bool) -> None:
        """End the connection for an interceptor, as a server that breaks down, or is closed, does."""
        transport = self._transport
        self._ending = True
        if transport is None:
            return
        if reset:
            reset_connection(transport)
        else:
            transport.close()

    def _flush(self) -> None:
        if self._queue.ready and self._transport is not None:
            self._transport.write(self._queue.take())
            self._room_made.set()

    def _is_full(self) -> bool:
        queue, limits = self._queue, self._limits
        return (
            self._blocked
            or queue.size > limits.output_bytes_max
            or len(queue) >= limits.requests_max
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
        """When no request waits for its pending: say what broke the stream, end it, or read on."""
        transport = self._transport
        if transport is None or self._backlog:
            return
        if self._failure is not None:
            failure, self._failure = self._failure, None
            self._refuse(failure)
        if not self._ending:
            self._read_on(transport)
        elif not self._queue:
            self._end(transport)

    def _refuse(self, failure: ProtocolError) -> None:
        """Answer what broke the stream, if anybody can be answered, and take nothing more."""
        self._observer.malformed(type(failure).__name__)
        self._ending = True
        envelope = self._framer.rejected
        pending = PendingReply(self._answered, self._elapsed())
        if envelope is None and self._interceptors.active:
            self._passages.make(self._broken, pending).drop(failure)
        if envelope is not None:
            self._lingers = not self._eof
            self._answering = True
            self._refuse_one(failure, envelope, b"", pending)
            self._queue.keep(pending)
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
