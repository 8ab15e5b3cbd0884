"""A blocking client over plain Python sockets; one caller at a time.

It does all its input and output through the `socket` module, looked up at each call, so that it works under
gevent's monkey patching (a Locust user): one client per thread or greenlet. Connections are opened when they
are first needed and reused; a server that closes after each answer is only asked more slowly.

::

    with Client(("127.0.0.1", 2641)) as client:
        answer = client.resolve("88.900.1/cup")
"""

import secrets
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from idnode.clients.answer import Transport
from idnode.clients.calls import Blocking, run
from idnode.clients.errors import ConnectionFailed, NotAnswered, TimedOut
from idnode.clients.exchange import ClientExchange, Stream
from idnode.clients.handle_calls import HandleCalls, address_text
from idnode.clients.request import (
    Answered,
    Ask,
    Dialogue,
    Failed,
    Outcome,
    Request,
    Result,
    Schedule,
    ServerReply,
)
from idnode.registry.handle.wire.constants import PORT_DEFAULT

if TYPE_CHECKING:
    from random import Random

    from idnode.clients.cache import AnswerCache
    from idnode.clients.session import ClientSession
    from idnode.registry.handle.clock import Clock

_DATAGRAM_READ_BYTES: Final = 8192
"""More than any peer sends, so that an oversized datagram is not mistaken for a whole one."""
_STREAM_READ_BYTES: Final = 65_536


class _Connection:
    """A TCP connection and what the exchange knows of it."""

    __slots__ = ("socket", "stream")

    def __init__(self, connected: socket.socket, stream: Stream) -> None:
        self.socket = connected
        self.stream = stream

    def is_alive(self) -> bool:
        """Return whether the peer has left the connection open, without waiting."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


class Client(HandleCalls, Blocking):
    """Resolves handles at one server, over UDP (falling back to TCP) or over TCP.

    ``random`` makes request ids; leave it out unless a run has to be repeatable, since unguessable ids are
    what keeps strangers from answering over UDP. Nothing is sent before the first question.
    """

    def __init__(  # noqa: PLR0913  # each has a default, and all but the first are keywords
        self,
        server: tuple[str, int] = ("127.0.0.1", PORT_DEFAULT),
        *,
        transport: Transport = Transport.UDP,
        schedule: Schedule | None = None,
        cache: "AnswerCache | None" = None,
        random: "Random | None" = None,
        clock: "Clock | None" = None,
    ) -> None:
        super().__init__(server, transport=transport, cache=cache, clock=clock)
        self._exchange = ClientExchange(random or secrets.SystemRandom(), schedule)
        self._datagrams: socket.socket | None = None
        self._connection: _Connection | None = None

    def close(self) -> None:
        """Close what is open; the client may be used again and then opens anew."""
        if self._datagrams is not None:
            self._datagrams.close()
            self._datagrams = None
        self._drop_connection()

    def do(self, dialogue: Dialogue[Result]) -> Result:
        """Carry out a dialogue (`clients/dialogues.py`) over TCP and return what it was for.

        Raises:
            NotAnswered: No usable answer came.
            Refused: The server answered with another code than success.

        """
        return run(dialogue, self._perform)

    def _perform(self, step: Ask) -> ServerReply:
        if step.server is not None:
            with Client(step.server, clock=self._clock) as other:
                return other._perform(replace(step, server=None))
        return self.ask(
            step.op_code,
            step.body,
            op_flags=step.op_flags,
            transport=step.transport,
            session_id=step.session_id,
            session=step.session,
            recursion_count=step.recursion_count,
        )

    def ask(  # noqa: PLR0913  # keywords but for the first two
        self,
        op_code: int,
        body: bytes,
        *,
        op_flags: int = 0,
        transport: Transport | None = None,
        session_id: int = 0,
        session: "ClientSession | None" = None,
        recursion_count: int = 0,
    ) -> ServerReply:
        """Send any request and return the reply as it came, whatever its response code.

        Raises:
            NotAnswered: No usable answer came.
            EncodingError: A field of the request does not fit into its place.

        """
        request = Request.dated(
            op_code,
            body,
            op_flags=op_flags,
            now=self._clock.now(),
            session_id=session_id,
            session=session,
            recursion_count=recursion_count,
        )
        request_id = self._exchange.ask(
            request, self._clock.elapsed(), transport=transport or self.transport
        )
        try:
            return self._await_reply(request_id)
        except NotAnswered:
            # A connection that failed one request is not trusted with the next.
            self._drop_connection()
            raise
        finally:
            self._exchange.forget(request_id)
            self._exchange.outcomes()

    def _await_reply(self, request_id: int) -> ServerReply:
        on_stream = False
        while True:
            self._send_datagrams(request_id)
            outcomes = self._exchange.outcomes()
            for outcome in outcomes:
                reply = self._act_on(outcome)
                if reply is not None:
                    return reply
                on_stream = True
            if outcomes:
                continue
            wait = (self._exchange.wake_at() or 0.0) - self._clock.elapsed()
            if wait <= 0:
                continue
            if on_stream:
                self._receive_bytes(wait)
            else:
                self._receive_datagram(request_id, wait)

    def _act_on(self, outcome: Outcome) -> ServerReply | None:
        if isinstance(outcome, Answered):
            return outcome.reply
        if isinstance(outcome, Failed):
            raise outcome.error
        self._send_on_stream(outcome.request_id, outcome.deadline)
        return None

    def _send_datagrams(self, request_id: int) -> None:
        datagrams = self._exchange.datagrams_due(self._clock.elapsed())
        if not datagrams:
            return
        try:
            sender = self._open_datagrams()
            for datagram in datagrams:
                sender.send(datagram)
        except ConnectionRefusedError:
            self._exchange.give_up_udp(request_id, self._clock.elapsed())
        except OSError as error:
            raise ConnectionFailed(
                f"Cannot send to {address_text(self.server)}: {error}"
            ) from error

    def _open_datagrams(self) -> socket.socket:
        if self._datagrams is None:
            family, kind, protocol, _name, address = socket.getaddrinfo(
                *self.server, type=socket.SOCK_DGRAM
            )[0]
            self._datagrams = socket.socket(family, kind, protocol)
            self._datagrams.connect(address)
        return self._datagrams

    def _receive_datagram(self, request_id: int, wait: float) -> None:
        assert self._datagrams is not None
        try:
            self._datagrams.settimeout(wait)
            datagram = self._datagrams.recv(_DATAGRAM_READ_BYTES)
        except TimeoutError:
            return
        except OSError:
            # Refused or unreachable: sending again is pointless, TCP says what is wrong.
            self._exchange.give_up_udp(request_id, self._clock.elapsed())
            return
        self._exchange.receive_datagram(datagram, self._clock.elapsed())

    def _send_on_stream(self, request_id: int, deadline: float) -> None:
        connection = self._connection
        if connection is not None and not connection.is_alive():
            self._drop_connection()
            connection = None
        connection = connection or self._connect(deadline)
        data = self._exchange.send_on(connection.stream, request_id)
        try:
            connection.socket.settimeout(max(deadline - self._clock.elapsed(), 0.001))
            connection.socket.sendall(data)
        except TimeoutError as error:
            raise TimedOut(f"{address_text(self.server)} does not take the request") from error
        except OSError:
            self._drop_connection()

    def _connect(self, deadline: float) -> _Connection:
        wait = max(deadline - self._clock.elapsed(), 0.001)
        try:
            connected = socket.create_connection(self.server, timeout=wait)
        except TimeoutError as error:
            raise TimedOut(
                f"No connection to {address_text(self.server)} within {wait:.1f} s"
            ) from error
        except OSError as error:
            raise ConnectionFailed(
                f"No connection to {address_text(self.server)}: {error}"
            ) from error
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = _Connection(connected, self._exchange.open_stream())
        return self._connection

    def _receive_bytes(self, wait: float) -> None:
        connection = self._connection
        assert connection is not None
        try:
            connection.socket.settimeout(wait)
            data = connection.socket.recv(_STREAM_READ_BYTES)
        except TimeoutError:
            return
        except OSError:
            data = b""
        now = self._clock.elapsed()
        if not data or not self._exchange.receive_bytes(connection.stream, data, now):
            self._drop_connection()

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.socket.close()
            self._exchange.close_stream(connection.stream, self._clock.elapsed())
