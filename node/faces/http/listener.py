"""The HTTP port: one listening socket on which plain HTTP and HTTPS are told apart by the first byte.

A TLS connection begins with 0x16 (a handshake record, RFC 8446 §5.1), which begins no HTTP request. The byte is
only looked at; the connection then goes to the event loop as one that was accepted for plain HTTP or for TLS.
From there on nothing of this module is on the path of a request.

Whoever connects and says nothing, or does not finish the handshake, is let go after a while; when many do, the
one who waited longest goes first. When as many are served as may be, others are told so and let go.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sized

TLS_HANDSHAKE: Final = 0x16
"""The first byte of a TLS connection."""

BACKLOG: Final = 1024
"""Connections that the system keeps until they are accepted."""

_ACCEPTED_AT_ONCE: Final = 64
_HEAD_BYTES: Final = 4096
_READ_BYTES: Final = 65_536
_PAUSE_SECONDS: Final = 1.0
_EXHAUSTED: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """Bounds of the port.

    ``connections_max``: connections served at once. ``undecided_max``: connections at once that did not speak
    yet, or did not finish the TLS handshake. Who is turned away may read why for ``farewell_seconds``, as
    ``farewells_max`` do at most.
    """

    undecided_max: int = 1024
    connections_max: int = 4096
    silence_seconds: float = 180.0
    handshake_seconds: float = 10.0
    farewell_seconds: float = 1.0
    farewells_max: int = 64


class Server(Protocol):
    """Makes the protocol of a connection that is served, and knows those that are (an aiohttp ``web.Server``)."""

    @property
    def connections(self) -> Sized:
        """Return those that are served."""

    def __call__(self) -> asyncio.BaseProtocol:
        """Return the protocol of one more."""


def _nobody() -> bool:
    return False


def _nothing() -> None:
    return None


class HttpListener:
    """Accepts connections and hands them to an HTTP server, with TLS for those that begin so.

    ``refused`` is told a word about each connection that ended before it was one: ``tls_handshake``,
    ``too_many_connections``. Without ``tls`` everything is plain HTTP. Who is one too many is answered with what
    ``turned_away`` makes of the beginning of its request, unless ``give_way`` has somebody leave who is served.
    What ``instead`` returns is offered to one connection in place of ``tls``.
    """

    def __init__(  # noqa: PLR0913  # the last three are keywords
        self,
        serve: Server,
        tls: ssl.SSLContext | None,
        refused: Callable[[str], None],
        limits: ListenerLimits | None = None,
        *,
        turned_away: Callable[[bytes], bytes] = bytes,
        give_way: Callable[[], bool] = _nobody,
        instead: Callable[[], ssl.SSLContext | None] = _nothing,
    ) -> None:
        self._serve = serve
        self._tls = tls
        self._refused = refused
        self._limits = limits or ListenerLimits()
        # Those who just came are served before others push them out.
        self._accepted_at_once = min(_ACCEPTED_AT_ONCE, self._limits.connections_max // 4 or 1)
        self._turned_away = turned_away
        self._give_way = give_way
        self._instead = instead
        self._listening: list[socket.socket] = []
        self._silent: dict[socket.socket, asyncio.TimerHandle] = {}
        self._joining: dict[asyncio.Task[None], socket.socket | None] = {}
        """Who is being handed to the loop; the loop owns a connection from the task's first step on."""
        self._leaving: set[asyncio.Task[None]] = set()
        self._farewells: dict[socket.socket, asyncio.TimerHandle] = {}

    def renew(self, tls: ssl.SSLContext) -> None:
        """Offer this certificate to whoever comes from now on; who is served keeps the one that it began with."""
        self._tls = tls

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that were bound; the first ones, where a name has several addresses."""
        host, port = self._listening[0].getsockname()[:2]
        return str(host), int(port)

    @property
    def undecided(self) -> int:
        """Connections that are neither served nor let go yet."""
        return len(self._silent) + len(self._joining)

    def start(self, bound: list[socket.socket]) -> None:
        """Listen on sockets that are bound already, and own them from now on.

        Raises:
            OSError: The system refused.

        """
        loop = asyncio.get_running_loop()
        self._listening = bound
        for each in bound:
            each.listen(BACKLOG)
            loop.add_reader(each, self._accept, each)

    async def stop(self) -> None:
        """Take no more connections, and let go of those that are not served yet."""
        loop = asyncio.get_running_loop()
        for each in self._listening:
            loop.remove_reader(each)
        self._close_listening()
        for waiting in list(self._silent):
            self._forget(waiting).close()
        for told in list(self._farewells):
            self._part_from(told)
        for task in list(self._joining):
            self._turn_away(task)
        await asyncio.gather(*self._leaving, return_exceptions=True)

    def _close_listening(self) -> None:
        for each in self._listening:
            each.close()
        self._listening = []

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(self._accepted_at_once):
            try:
                connection, _address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._pause(listening, error)
                return
            connection.setblocking(False)
            self._make_room()
            self._judge(connection)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        """Accept nothing for a moment: the connection stays in the system's queue, and would call again."""
        _log.warning("HTTP connections wait: %s", error)
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        loop.call_later(_PAUSE_SECONDS, self._resume, listening)

    def _resume(self, listening: socket.socket) -> None:
        if listening in self._listening:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _make_room(self) -> None:
        if self.undecided < self._limits.undecided_max:
            return
        self._refused("too_many_connections")
        if self._silent:
            self._forget(next(iter(self._silent))).close()
        else:
            self._turn_away(next(iter(self._joining)))

    def _judge(self, connection: socket.socket) -> None:
        """Hand a connection on by its first byte; wait for the byte if it is not there yet."""
        try:
            first = connection.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            self._wait_for(connection)
            return
        except OSError:
            first = b""
        if not first:
            connection.close()
            return
        tls = self._tls if first[0] == TLS_HANDSHAKE else None
        if tls is not None:
            tls = self._instead() or tls
        served = len(self._serve.connections) + len(self._joining)
        if served >= self._limits.connections_max and not self._give_way():
            self._refuse(connection, plain=tls is None)
            return
        task = asyncio.get_running_loop().create_task(self._join(connection, tls))
        self._joining[task] = connection
        task.add_done_callback(self._joined)

    def _wait_for(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(connection, self._spoke, connection)
        self._silent[connection] = loop.call_later(
            self._limits.silence_seconds, lambda: self._forget(connection).close()
        )

    def _spoke(self, connection: socket.socket) -> None:
        self._judge(self._forget(connection))

    def _forget(self, connection: socket.socket) -> socket.socket:
        """Stop waiting for a silent connection, and return it."""
        self._silent.pop(connection).cancel()
        asyncio.get_running_loop().remove_reader(connection)
        return connection

    async def _join(self, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Have a connection served, after the handshake if it is TLS."""
        task = asyncio.current_task()
        assert task is not None
        self._joining[task] = None
        seconds = None if tls is None else self._limits.handshake_seconds
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                self._serve, connection, ssl=tls, ssl_handshake_timeout=seconds
            )
        except OSError:
            # The loop closed the connection: no handshake in time, nonsense, or gone.
            if tls is not None:
                self._refused("tls_handshake")

    def _refuse(self, connection: socket.socket, *, plain: bool) -> None:
        """Tell a connection that it is one too many; one that wants TLS could not read it."""
        self._refused("too_many_connections")
        if not plain:
            connection.close()
            return
        try:
            connection.send(self._turned_away(connection.recv(_HEAD_BYTES)))
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            connection.close()
            return
        if len(self._farewells) >= self._limits.farewells_max:
            self._part_from(next(iter(self._farewells)))
        loop = asyncio.get_running_loop()
        # What the peer still sends is read: closing before that takes back the answer.
        loop.add_reader(connection, self._hear_out, connection)
        self._farewells[connection] = loop.call_later(
            self._limits.farewell_seconds, self._part_from, connection
        )

    def _hear_out(self, connection: socket.socket) -> None:
        try:
            if connection.recv(_READ_BYTES):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass  # gone
        self._part_from(connection)

    def _part_from(self, connection: socket.socket) -> None:
        self._farewells.pop(connection).cancel()
        asyncio.get_running_loop().remove_reader(connection)
        connection.close()

    def _turn_away(self, task: asyncio.Task[None]) -> None:
        """End the handshake of a connection, or what was to become one."""
        connection = self._joining.pop(task)
        self._leaving.add(task)
        task.cancel()
        if connection is not None:
            connection.close()

    def _joined(self, task: asyncio.Task[None]) -> None:
        self._joining.pop(task, None)
        self._leaving.discard(task)
