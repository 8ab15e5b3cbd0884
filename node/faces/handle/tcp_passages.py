"""The requests of one TCP connection on their way through the interceptors, each in its place in the order."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any, Final, Protocol

from idnode.node.faces.handle.passage import Passage
from idnode.node.interceptors.exchange import HANDLE_TCP, Exchange, next_connection

if TYPE_CHECKING:
    import asyncio

    from idnode.node.faces.handle.reply_queue import PendingReply
    from idnode.node.interceptors.chain import Interceptors

_NO_LINGERING: Final = struct.pack("ii", 1, 0)


def reset_connection(transport: asyncio.Transport) -> None:
    """End a connection at once; the peer sees a reset, as from a process that died."""
    bound = transport.get_extra_info("socket")
    if bound is not None:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    transport.abort()


class Stream(Protocol):
    """Describes what a connection does for its passages."""

    def leave(self, pending: PendingReply, wire: bytes, *, last: bool = False) -> None:
        """Send bytes in a piece of their own when they are in order; ``last``: no more of this answer follow."""

    def cut(self, *, reset: bool) -> None:
        """End the connection."""


class Passages:
    """Makes the passages of one connection; ``peer`` is its other side, once it is known."""

    def __init__(self, interceptors: Interceptors, stream: Stream) -> None:
        self._interceptors = interceptors
        self._stream = stream
        self._number = next_connection()
        self.peer: tuple[Any, ...] = ()

    def make(self, data: bytes, pending: PendingReply) -> Passage:
        """Return the passage of a request, which its answers take from now on."""
        exchange = Exchange(
            HANDLE_TCP,
            data,
            started=pending.started,
            peer=self.peer,
            connection=self._number,
        )
        pending.passage = Passage(self._interceptors, exchange, _Place(self._stream, pending))
        return pending.passage


class _Place:
    """Tells where the answers to one request leave: in its place in the order."""

    __slots__ = ("_pending", "_stream")

    def __init__(self, stream: Stream, pending: PendingReply) -> None:
        self._stream = stream
        self._pending = pending

    def send(self, wire: bytes) -> None:
        """Send bytes in a piece of their own."""
        self._stream.leave(self._pending, wire)

    def close(self, *, reset: bool) -> None:
        """End the connection."""
        self._stream.cut(reset=reset)

    def finish(self) -> None:
        """Let the answers behind go."""
        self._stream.leave(self._pending, b"", last=True)
