"""Messages of the Handle protocol carried over HTTP: one POST, one request, its answers as the body.

handle-protocol.md §1. The request is what a TCP connection would carry, envelope and message, of the media type
``application/x-hdl-message``; each POST is a connection of its own, so nobody stays logged in. Answers that have
no end, as long listings, are sent while they are made.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import web

from idnode.node.faces.http.body import BodyRefused, Unreadable, read_body
from idnode.node.faces.http.replies import add_request_id, status_response
from idnode.node.interceptors.exchange import note_answered, note_error
from idnode.node.service.events import CREATE, RESOLVE
from idnode.node.service.handle.connection import Connection
from idnode.registry.handle.wire.constants import ENVELOPE_BYTES, MESSAGE_BYTES_MAX
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.framing import Framer

if TYPE_CHECKING:
    from idnode.node.faces.http.replies import Handler
    from idnode.node.service.events import Observer
    from idnode.node.service.handle.receiver import Receiver
    from idnode.node.service.handle.response import Reply
    from idnode.registry.handle.clock import Clock

MEDIA_TYPE: Final = "application/x-hdl-message"
_BYTES_MAX: Final = ENVELOPE_BYTES + MESSAGE_BYTES_MAX
_NO_MESSAGE: Final = "The body is not one message of the Handle protocol"
_WAITING_MAX: Final = 64
"""Answers to one request that may wait to be sent."""


class Tunnel:
    """Takes messages that come over HTTP to the receiver; what else comes this way goes to ``otherwise``."""

    def __init__(
        self, receiver: Receiver, observer: Observer, clock: Clock, otherwise: Handler
    ) -> None:
        self._otherwise = otherwise
        self._receiver = receiver
        self._observer = observer
        self._clock = clock

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a POST; what is no message of the protocol is the client's mistake (400)."""
        if request.content_type != MEDIA_TYPE:
            return await self._otherwise(request)
        started = self._clock.elapsed()
        try:
            body = await read_body(request, _BYTES_MAX)
            framer = Framer()
            (message,) = framer.feed(body)
            framer.finish()
        except BodyRefused as error:
            note_error(error)
            return status_response(error.status, str(error))
        except (ProtocolError, ValueError) as error:
            self._observer.malformed(type(error).__name__)
            note_error(error if isinstance(error, ProtocolError) else Unreadable(_NO_MESSAGE))
            return status_response(400, _NO_MESSAGE)
        replies = _Replies()
        peer = (request.remote or "", 0)
        now = int(self._clock.now())
        connection = Connection(peer, stream=True, now=now, room=replies.room)
        self._receiver.receive(*message, connection, replies.put)
        return await self._send(request, replies, started)

    async def _send(
        self, request: web.Request, replies: _Replies, started: float
    ) -> web.StreamResponse:
        reply = await replies.next()
        self._tell(reply, started)
        if not reply.continued:
            return web.Response(body=reply.wire, content_type=MEDIA_TYPE)
        response = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
        add_request_id(response)
        try:
            await response.prepare(request)
            await response.write(reply.wire)
            while reply.continued:
                reply = await replies.next()
                await response.write(reply.wire)
            await response.write_eof()
        finally:
            replies.abandon()
        return response

    def _tell(self, reply: Reply, started: float) -> None:
        observer, code, prefix = self._observer, reply.response_code, reply.prefix
        note_answered(reply.operation, code)
        observer.answered(reply.operation, code, prefix, self._clock.elapsed() - started)
        if reply.operation == RESOLVE:
            observer.resolved(code, prefix, 1)
        elif reply.operation == CREATE:
            observer.registered(code, prefix, 1)


class _Replies:
    """The answers to one request, between whoever makes them and the client."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Reply] = asyncio.Queue()
        self._taken = asyncio.Event()
        self._abandoned = False

    def put(self, reply: Reply) -> None:
        """Take an answer."""
        if not self._abandoned:
            self._queue.put_nowait(reply)

    async def next(self) -> Reply:
        """Return the next answer."""
        reply = await self._queue.get()
        self._taken.set()
        return reply

    async def room(self) -> None:
        """Wait until the client has taken most of the answers; one that is gone takes all."""
        while self._queue.qsize() > _WAITING_MAX and not self._abandoned:
            self._taken.clear()
            await self._taken.wait()

    def abandon(self) -> None:
        """Let nothing wait any more."""
        self._abandoned = True
        self._taken.set()
