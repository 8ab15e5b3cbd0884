"""The Handle protocol over UDP (handle-protocol.md §1.3).

Requests of several datagrams are put together, answers over 512 bytes are cut. Reading is simply done again
when a request is repeated; whatever else the node offers over UDP is done once and its answer replayed.
Administration is refused, as on the reference server's query-only interface, but with the right request id, so
that clients see it.

Sources of datagrams can be forged. So nothing that is itself an answer is answered, and datagrams without a
readable envelope are dropped in silence. Answers are bounded in size and rate (`UdpLimits`): a client that misses the
rest of one asks over TCP.
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
from typing import TYPE_CHECKING, Any, Final, cast

from idnode.node.faces.handle.answer_rate import AnswerRate
from idnode.node.faces.handle.datagram_socket import bound_sockets
from idnode.node.faces.handle.limits import UdpLimits
from idnode.node.faces.handle.replay import Replay
from idnode.node.service.events import RESOLVE
from idnode.node.service.handle.connection import Connection
from idnode.registry.handle.wire.constants import (
    DATAGRAM_BYTES_MAX,
    ENVELOPE_BYTES,
    EnvelopeFlag,
    OpCode,
)
from idnode.registry.handle.wire.datagrams import Reassembly, split
from idnode.registry.handle.wire.envelope import decode_envelope
from idnode.registry.handle.wire.errors import EnvelopeTooShort, ProtocolError, UnsupportedVersion

if TYPE_CHECKING:
    from collections.abc import Hashable

    from idnode.node.faces.handle.replay import Entry
    from idnode.node.service.events import Observer
    from idnode.node.service.handle.receiver import Receiver
    from idnode.node.service.handle.response import Reply
    from idnode.registry.handle.clock import Clock
    from idnode.registry.handle.wire.envelope import Envelope

_Address = tuple[Any, ...]

_CODES = struct.Struct(">II")
_ONCE: Final = frozenset(
    int(code)
    for code in (
        OpCode.CHALLENGE_ANSWER,
        OpCode.VERIFY_CHALLENGE,
        OpCode.SESSION_SETUP,
        OpCode.SESSION_TERMINATE,
        OpCode.SESSION_KEY_EXCHANGE,
        OpCode.LOGIN_PASSWORD,
        OpCode.LOGIN_ID_SYSTEM,
    )
)


class HandleUdp(asyncio.DatagramProtocol):
    """The UDP face.

    ``mark_truncated``: whether the datagrams of an answer cut in several carry the flag TRUNCATED, as the
    reference server's do since 9.3 (handle-protocol.md §1.3).
    """

    def __init__(
        self,
        receiver: Receiver,
        observer: Observer,
        clock: Clock,
        limits: UdpLimits | None = None,
        *,
        mark_truncated: bool = True,
    ) -> None:
        self._mark_truncated = mark_truncated
        limits = limits or UdpLimits()
        self._answer_bytes_max = limits.answer_bytes_max
        self._rate = AnswerRate(limits.answers_per_second, clock.elapsed)
        self._receiver = receiver
        self._observer = observer
        self._clock = clock
        self._reassembly = Reassembly(
            messages_max=limits.messages_max,
            bytes_max=limits.message_bytes,
            message_bytes_max=limits.message_bytes_max,
            flagged_only=True,
        )
        self._replay = Replay(
            seconds=limits.replay_seconds,
            entries_max=limits.replays_max,
            bytes_max=limits.replay_bytes_max,
        )
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()
        self._closed.set()
        self._blocked = False

    async def start(self, host: str, port: int) -> None:
        """Take datagrams; port 0 takes any free one.

        Raises:
            OSError: The address cannot be bound.

        """
        (bound,) = await bound_sockets(host, port)
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, sock=bound)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are bound."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    async def stop(self) -> None:
        """Take no more datagrams."""
        if self._transport is not None:
            self._transport.close()
        await self._closed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._closed.clear()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Forget where answers go."""
        self._transport = None
        self._closed.set()

    def error_received(self, exc: Exception) -> None:
        """Count what the network says about an earlier answer; there is nobody to tell."""
        self._observer.malformed(type(exc).__name__)

    def pause_writing(self) -> None:
        """Drop requests until the network takes answers again: their senders ask again."""
        self._blocked = True

    def resume_writing(self) -> None:
        """Answer again."""
        self._blocked = False

    def datagram_received(self, data: bytes, addr: _Address) -> None:
        """Answer the request that this datagram is, or completes."""
        if self._blocked:
            self._observer.dropped(1)
            return
        exchange = _Exchange(self, addr, self._clock.elapsed(), len(data))
        try:
            whole = self._reassembly.add(addr, data, exchange.started)
        except (EnvelopeTooShort, UnsupportedVersion) as error:
            self._observer.malformed(type(error).__name__)
        except ProtocolError as error:
            self._observer.malformed(type(error).__name__)
            self._refuse(error, decode_envelope(data), exchange)
        else:
            if whole is not None:
                self._take(*whole, exchange)

    def _take(self, envelope: Envelope, message: bytes, exchange: _Exchange) -> None:
        op_code, response_code = _CODES.unpack_from(message) if len(message) >= 8 else (0, 0)
        if response_code:
            self._observer.malformed("AnswerReceived")
        elif op_code not in _ONCE or self._is_first(envelope, message, exchange):
            self._receiver.receive(envelope, message, self._context(exchange), exchange.reply)

    def _is_first(self, envelope: Envelope, message: bytes, exchange: _Exchange) -> bool:
        """Return whether a request is new; send the answer again, as far as there is one, if it is not."""
        fingerprint = hashlib.blake2b(message, digest_size=16).digest()
        key = (exchange.address, envelope.request_id, fingerprint)
        entry = self._replay.find(key, exchange.started)
        if entry is None:
            exchange.key = key
            exchange.entry = self._replay.begin(key, exchange.started)
            return True
        for datagram in entry.datagrams:
            self._send(datagram, exchange.address)
        return False

    def _refuse(self, error: Exception, envelope: Envelope, exchange: _Exchange) -> None:
        self._receiver.refuse(error, envelope, self._context(exchange), exchange.reply)

    def _context(self, exchange: _Exchange) -> Connection:
        return Connection(exchange.address, stream=False, now=int(self._clock.now()))

    def answered(self, exchange: _Exchange, reply: Reply) -> None:
        """Send an answer, in as many datagrams as it takes, and tell the observer."""
        wire = reply.wire
        if len(wire) <= DATAGRAM_BYTES_MAX:
            datagrams = [wire]
        else:
            whole = len(wire) <= self._answer_bytes_max
            mark = self._mark_truncated or not whole
            datagrams = split(decode_envelope(wire), wire[ENVELOPE_BYTES:], mark_truncated=mark)
            datagrams = datagrams if whole else datagrams[:1]
        datagrams = self._within_rate(datagrams, exchange)
        for datagram in datagrams:
            self._send(datagram, exchange.address)
        if exchange.entry is not None:
            self._replay.answered(exchange.key, exchange.entry, datagrams)
        seconds = self._clock.elapsed() - exchange.started
        self._observer.answered(reply.operation, reply.response_code, reply.prefix, seconds)
        if reply.operation == RESOLVE:
            self._observer.resolved(reply.response_code, reply.prefix, 1)

    def _within_rate(self, datagrams: list[bytes], exchange: _Exchange) -> list[bytes]:
        """Return what may be sent of an answer: all, nothing, or no more than came."""
        over = self._rate.over(exchange.address)
        if not over:
            return datagrams
        if over & 1:
            return []
        first = bytearray(datagrams[0][: max(exchange.request_bytes, ENVELOPE_BYTES)])
        first[2] |= EnvelopeFlag.TRUNCATED
        return [bytes(first)]

    def _send(self, datagram: bytes, address: _Address) -> None:
        if self._transport is not None:
            self._transport.sendto(datagram, address)


class _Exchange:
    """Where the answer to one request goes, and what is remembered of it."""

    __slots__ = ("_face", "address", "entry", "key", "request_bytes", "started")

    def __init__(
        self, face: HandleUdp, address: _Address, started: float, request_bytes: int
    ) -> None:
        self._face = face
        self.address = address
        self.started = started
        self.request_bytes = request_bytes
        self.key: Hashable = None
        self.entry: Entry | None = None

    def reply(self, reply: Reply) -> None:
        """Take an answer."""
        self._face.answered(self, reply)
