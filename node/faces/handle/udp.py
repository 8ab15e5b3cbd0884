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
from idnode.node.faces.handle.limits import UdpLimits
from idnode.node.faces.handle.passage import Passage
from idnode.node.faces.handle.receive_queue import QueueState, ReceiveQueues, Waiting
from idnode.node.faces.handle.replay import Replay
from idnode.node.faces.handle.sockets import bound_sockets
from idnode.node.interceptors.chain import Interceptors
from idnode.node.interceptors.exchange import HANDLE_UDP, Exchange
from idnode.node.service.errors import AnswerReceived
from idnode.node.service.events import RESOLVE
from idnode.node.service.handle.admission import Admission
from idnode.node.service.handle.connection import Connection
from idnode.node.service.queue_delay import QueueDelay
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
    import socket
    from collections.abc import Hashable, Iterable, Sequence

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

    def __init__(  # noqa: PLR0913  # what a face stands on, and its settings
        self,
        receiver: Receiver,
        observer: Observer,
        clock: Clock,
        limits: UdpLimits | None = None,
        *,
        mark_truncated: bool = True,
        interceptors: Interceptors | None = None,
        queue: QueueDelay | None = None,
    ) -> None:
        self._mark_truncated = mark_truncated
        self._interceptors = interceptors or Interceptors()
        limits = limits or UdpLimits()
        self._answer_bytes_max = limits.answer_bytes_max
        self._rate = AnswerRate(limits.answers_per_second, clock.elapsed)
        self._queue_delay = queue or QueueDelay()
        self._receiver = Admission(receiver, self._queue_delay, HANDLE_UDP)
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
        self._queues: ReceiveQueues | None = None
        self._waiting: Waiting | None = None

    async def start(self, host: str, port: int) -> None:
        """Take datagrams; port 0 takes any free one.

        Raises:
            OSError: The address cannot be bound.

        """
        await self.serve(await bound_sockets(host, port))

    async def serve(self, sockets: Sequence[socket.socket]) -> None:
        """Take the datagrams of one socket, which is the face's from now on."""
        (bound,) = sockets
        self._queues, self._waiting = ReceiveQueues(sockets), Waiting(bound)
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, sock=bound)

    def count_lost(self) -> None:
        """Tell the observer of datagrams that the system lost because the node did not read them in time."""
        if self._queues is not None and (lost := self._queues.lost()):
            self.lost(lost)

    def lost(self, count: int) -> None:
        """Tell the observer of so many datagrams that a full queue lost."""
        self._observer.dropped(count)

    def queue(self) -> QueueState:
        """Return how full the system's queue of unread datagrams is."""
        return QueueState() if self._queues is None else self._queues.state()

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
        waiting = self._waiting
        waited = 0.0 if waiting is None else waiting.seconds(self._clock.elapsed())
        self.take(data, addr, waited)

    def take(self, data: bytes, addr: _Address, waited: float) -> None:
        """Answer the request that a datagram is, or completes, which waited so many seconds to be read."""
        if self._blocked:
            self._observer.dropped(1)
            return
        now = self._clock.elapsed()
        self._queue_delay.observe(now, waited)
        question = _Question(self, addr, now - waited, len(data))
        try:
            whole = self._reassembly.add(addr, data, now)
        except (EnvelopeTooShort, UnsupportedVersion) as error:
            self._observer.malformed(type(error).__name__)
            if self._interceptors.active:
                self._passage(data, question).drop(error)
        except ProtocolError as error:
            self._observer.malformed(type(error).__name__)
            self._refuse(error, data, question)
        else:
            if whole is not None:
                self._take(*whole, question)

    def _take(self, envelope: Envelope, message: bytes, question: _Question) -> None:
        if not self._interceptors.active:
            self._carry_out(envelope, message, question)
            return
        question.passage = self._passage(envelope.encode() + message, question)
        question.passage.begin(lambda: self._carry_out(envelope, message, question))

    def _passage(self, data: bytes, question: _Question) -> Passage:
        exchange = Exchange(HANDLE_UDP, data, started=question.started, peer=question.address)
        return Passage(self._interceptors, exchange, question)

    def _carry_out(self, envelope: Envelope, message: bytes, question: _Question) -> None:
        op_code, response_code = _CODES.unpack_from(message) if len(message) >= 8 else (0, 0)
        if response_code:
            self._observer.malformed("AnswerReceived")
            if question.passage is not None:
                error = AnswerReceived("A response was received where a request was expected")
                self._interceptors.malformed(question.passage.exchange, error)
        elif op_code not in _ONCE or self._is_first(envelope, message, question):
            self._receiver.receive(envelope, message, self._context(question), question.reply)

    def _is_first(self, envelope: Envelope, message: bytes, question: _Question) -> bool:
        """Return whether a request is new; send the answer again, as far as there is one, if it is not."""
        fingerprint = hashlib.blake2b(message, digest_size=16).digest()
        key = (question.address, envelope.request_id, fingerprint)
        entry = self._replay.find(key, question.started)
        if entry is None:
            question.key = key
            question.entry = self._replay.begin(key, question.started)
            return True
        if question.passage is None:
            self._leave(entry.datagrams, question)
        else:
            question.passage.repeat(entry.datagrams)
        return False

    def _refuse(self, error: Exception, data: bytes, question: _Question) -> None:
        envelope, context = decode_envelope(data), self._context(question)

        def refuse() -> None:
            self._receiver.refuse(error, envelope, context, question.reply)

        if self._interceptors.active:
            question.passage = self._passage(data, question)
            question.passage.begin(refuse)
        else:
            refuse()

    def _context(self, question: _Question) -> Connection:
        return Connection(question.address, stream=False, now=int(self._clock.now()))

    def answered(self, question: _Question, reply: Reply) -> None:
        """Send an answer, in as many datagrams as it takes, and tell the observer."""
        wire = reply.wire
        if len(wire) <= DATAGRAM_BYTES_MAX:
            datagrams = [wire]
        else:
            whole = len(wire) <= self._answer_bytes_max
            mark = self._mark_truncated or not whole
            datagrams = split(decode_envelope(wire), wire[ENVELOPE_BYTES:], mark_truncated=mark)
            datagrams = datagrams if whole else datagrams[:1]
        datagrams = self._within_rate(datagrams, question)
        if question.passage is None:
            self._leave(datagrams, question)
        else:
            question.passage.answer(reply, datagrams)
        if question.entry is not None:
            self._replay.answered(question.key, question.entry, datagrams)
        seconds = self._clock.elapsed() - question.started
        self._observer.answered(reply.operation, reply.response_code, reply.prefix, seconds)
        if reply.operation == RESOLVE:
            self._observer.resolved(reply.response_code, reply.prefix, 1)

    def _within_rate(self, datagrams: list[bytes], question: _Question) -> list[bytes]:
        """Return what may be sent of an answer: all, nothing, or no more than came."""
        over = self._rate.over(question.address)
        if not over:
            return datagrams
        if over & 1:
            return []
        first = bytearray(datagrams[0][: max(question.request_bytes, ENVELOPE_BYTES)])
        first[2] |= EnvelopeFlag.TRUNCATED
        return [bytes(first)]

    def _leave(self, datagrams: Iterable[bytes], question: _Question) -> None:
        for datagram in datagrams:
            self.send(datagram, question.address)

    def send(self, datagram: bytes, address: _Address) -> None:
        """Send one datagram as it is."""
        if self._transport is not None:
            self._transport.sendto(datagram, address)


class _Question:
    """Tells where the answer to one request goes, and what is remembered of it."""

    __slots__ = ("_face", "address", "entry", "key", "passage", "request_bytes", "started")

    def __init__(
        self, face: HandleUdp, address: _Address, started: float, request_bytes: int
    ) -> None:
        self._face = face
        self.address = address
        self.started = started
        self.request_bytes = request_bytes
        self.key: Hashable = None
        self.entry: Entry | None = None
        self.passage: Passage | None = None

    def reply(self, reply: Reply) -> None:
        """Take an answer."""
        self._face.answered(self, reply)

    def send(self, wire: bytes) -> None:
        """Send a datagram as it is."""
        self._face.send(wire, self.address)

    def close(self, *, reset: bool) -> None:
        """Do nothing: there is no connection."""

    def finish(self) -> None:
        """Do nothing: no other answer waits for this one."""
