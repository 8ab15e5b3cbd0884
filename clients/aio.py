"""An asyncio client: many questions at once over one UDP socket and a small pool of TCP connections.

It is to be used within one event loop. Requests are pipelined on the connections that are open; a server
that closes after each answer is noticed, and from then on gets one request per connection.

::

    async with Client(("127.0.0.1", 2641)) as client:
        answers = await asyncio.gather(*(client.resolve(handle) for handle in handles))
"""

import asyncio
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from idnode.clients.answer import Transport
from idnode.clients.calls import Waiting, run_waiting
from idnode.clients.connections import Connections, PooledConnection
from idnode.clients.errors import ConnectionFailed
from idnode.clients.exchange import ClientExchange
from idnode.clients.handle_calls import HandleCalls
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
    StreamNeeded,
)
from idnode.registry.handle.wire.constants import PORT_DEFAULT

if TYPE_CHECKING:
    from random import Random

    from idnode.clients.cache import AnswerCache
    from idnode.clients.session import ClientSession
    from idnode.registry.handle.clock import Clock


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP socket: hands over whatever arrives."""

    def __init__(self, client: "Client") -> None:
        self.closed = asyncio.Event()
        self._client = client

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self.closed.set()

    def datagram_received(self, data: bytes, _addr: object) -> None:
        self._client.datagram_received(data)

    def error_received(self, exc: Exception) -> None:
        self._client.datagrams_refused(exc)


class Client(HandleCalls, Waiting):
    """Resolves handles at one server, over UDP (falling back to TCP) or over TCP.

    At most ``connections_max`` connections are open, each with at most ``pipeline_max`` requests under way;
    further callers wait, and their time runs. ``random`` makes request ids; leave it out unless a run has to
    be repeatable, since unguessable ids are what keeps strangers from answering over UDP.
    """

    def __init__(  # noqa: PLR0913  # each has a default, and all but the first are keywords
        self,
        server: tuple[str, int] = ("127.0.0.1", PORT_DEFAULT),
        *,
        transport: Transport = Transport.UDP,
        schedule: Schedule | None = None,
        connections_max: int = 4,
        pipeline_max: int = 64,
        cache: "AnswerCache | None" = None,
        random: "Random | None" = None,
        clock: "Clock | None" = None,
    ) -> None:
        super().__init__(server, transport=transport, cache=cache, clock=clock)
        self._exchange = ClientExchange(random or secrets.SystemRandom(), schedule)
        self._waiting: dict[int, asyncio.Future[Outcome]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._datagrams: tuple[asyncio.DatagramTransport, _Datagrams] | None = None
        self._opening = asyncio.Lock()
        self._connections = Connections(
            server,
            self._exchange,
            connections_max=connections_max,
            pipeline_max=pipeline_max,
            elapsed=self._clock.elapsed,
            changed=self._settle,
        )

    async def close(self) -> None:
        """Close what is open; requests under way fail with `ConnectionFailed`."""
        self._cancel_timer()
        for request_id, future in self._waiting.items():
            if not future.done():
                future.set_result(Failed(request_id, ConnectionFailed("The client was closed")))
        if self._datagrams is not None:
            transport, protocol = self._datagrams
            self._datagrams = None
            transport.close()
            await protocol.closed.wait()
        await self._connections.close()

    async def do(self, dialogue: Dialogue[Result]) -> Result:
        """Carry out a dialogue (`clients/dialogues.py`) over TCP and return what it was for.

        Raises:
            NotAnswered: No usable answer came.
            Refused: The server answered with another code than success.

        """
        return await run_waiting(dialogue, self._perform)

    async def _perform(self, step: Ask) -> ServerReply:
        if step.server is not None:
            async with Client(step.server, clock=self._clock) as other:
                return await other._perform(replace(step, server=None))
        return await self.ask(
            step.op_code,
            step.body,
            op_flags=step.op_flags,
            transport=step.transport,
            session_id=step.session_id,
            session=step.session,
            recursion_count=step.recursion_count,
        )

    async def ask(  # noqa: PLR0913  # keywords but for the first two
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
        transport = transport or self.transport
        if transport is Transport.UDP and self._datagrams is None:
            await self._open_datagrams()
        request = Request.dated(
            op_code,
            body,
            op_flags=op_flags,
            now=self._clock.now(),
            session_id=session_id,
            session=session,
            recursion_count=recursion_count,
        )
        request_id = self._exchange.ask(request, self._clock.elapsed(), transport=transport)
        future = self._waiting[request_id] = asyncio.get_running_loop().create_future()
        try:
            self._settle()
            while True:
                outcome = await future
                # Whatever happens from here on goes to the future that took this one's place.
                future = self._waiting[request_id]
                if isinstance(outcome, Answered):
                    return outcome.reply
                if isinstance(outcome, Failed):
                    raise outcome.error
                connection = await self._connections.take(outcome.deadline)
                self._send_on(connection, request_id)
        finally:
            self._waiting.pop(request_id, None)
            self._exchange.forget(request_id)
            self._connections.room_changed()

    def _send_on(self, connection: PooledConnection, request_id: int) -> None:
        """Write the request, which may be over; on a connection that ended meanwhile it moves on."""
        data = self._exchange.send_on(connection.stream, request_id)
        if connection.ended:
            self._connections.lost(connection)
        else:
            connection.write(data)

    async def _open_datagrams(self) -> None:
        async with self._opening:
            if self._datagrams is not None:
                return
            loop = asyncio.get_running_loop()
            try:
                self._datagrams = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), remote_addr=self.server
                )
            except OSError as error:
                raise ConnectionFailed(f"Cannot send to {self.server}: {error}") from error

    def datagram_received(self, data: bytes) -> None:
        """Take what arrived on the UDP socket."""
        self._exchange.receive_datagram(data, self._clock.elapsed())
        self._settle()

    def datagrams_refused(self, _error: Exception) -> None:
        """Note that the server's port is closed: TCP says more than sending again."""
        now = self._clock.elapsed()
        for request_id in list(self._waiting):
            self._exchange.give_up_udp(request_id, now)
        self._settle()

    def _settle(self) -> None:
        """Send what is due, hand outcomes to their callers, and set the timer."""
        datagrams = self._exchange.datagrams_due(self._clock.elapsed())
        if self._datagrams is not None:
            for datagram in datagrams:
                self._datagrams[0].sendto(datagram)
        for outcome in self._exchange.outcomes():
            future = self._waiting.get(outcome.request_id)
            if future is None or future.done():
                continue
            if isinstance(outcome, StreamNeeded):
                # The caller is now busy with connections; its time may end meanwhile.
                self._waiting[outcome.request_id] = future.get_loop().create_future()
            future.set_result(outcome)
        self._set_timer()

    def _set_timer(self) -> None:
        wake_at = self._exchange.wake_at()
        if wake_at is None:
            self._cancel_timer()
        elif self._timer is None or wake_at < self._timer_at:
            self._cancel_timer()
            self._timer_at = wake_at
            wait = max(wake_at - self._clock.elapsed(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(wait, self._wake)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._timer = None
        self._settle()
