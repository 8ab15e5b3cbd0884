"""The exchange under both socket clients: no socket, no clock, no loop.

It chooses request ids, encodes requests, decides by ``now`` when a datagram is sent again and when to give
up, joins answers that came in several datagrams or messages, and matches them to their requests by id. The
client around it moves bytes, connects, and acts on outcomes::

    request_id = exchange.ask(request, now, transport=Transport.UDP)
    for datagram in exchange.datagrams_due(now): ...send it...
    exchange.receive_datagram(data, now)         # at any time, any bytes
    for outcome in exchange.outcomes(): ...      # Answered, StreamNeeded or Failed
    exchange.wake_at()                           # when to come back if nothing arrives

Over TCP each connection has a `Stream`; several requests may be under way on one. ``now`` is in seconds of
any clock that does not run backwards. No bytes from a peer make a method raise: what cannot be used is
counted in ``ignored``, or fails the requests that were waiting on the broken stream.

Sources: handle-protocol.md §1.1 to §1.5, §2.1 (CONT).
"""

import heapq
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

from idnode.clients.answer import Transport
from idnode.clients.errors import ConnectionLost, MalformedAnswer, NotAnswered, TimedOut
from idnode.clients.request import (
    REPEATABLE,
    Answered,
    Failed,
    Outcome,
    Request,
    Schedule,
    ServerReply,
    StreamNeeded,
)
from idnode.registry.handle.limits import MESSAGE_BYTES_MAX
from idnode.registry.handle.wire.constants import (
    BEST_VERSION,
    CREDENTIAL_NONE,
    ENVELOPE_BYTES,
    SITE_SERIAL_UNKNOWN,
    EnvelopeFlag,
    OpFlag,
)
from idnode.registry.handle.wire.datagrams import Reassembly, split
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import Message, decode_message, encode_response

if TYPE_CHECKING:
    from idnode.clients.session import ClientSession

STREAMS_PER_REQUEST_MAX: Final = 2
"""Connections that may break under one request, without having answered anything, before it fails."""

WHOLE_OVER_UDP_BYTES_MAX: Final = 4_096
"""Longest answer that is waited for over UDP; a longer one is asked for over TCP at once."""

CONTINUED_BYTES_MAX: Final = 64 << 20
"""Most bytes of an answer that continues in further messages; about 600,000 handles of a listing."""


class Stream:
    """One TCP connection as the exchange sees it: what is under way on it, and bytes not yet a message."""

    __slots__ = ("answers", "framer", "request_ids")

    def __init__(self, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self.framer = Framer(message_bytes_max)
        self.request_ids: dict[int, None] = {}
        self.answers = 0

    def __len__(self) -> int:
        return len(self.request_ids)


@dataclass(slots=True)
class _Pending:
    """One request under way."""

    request: Request
    message: bytes
    transport: Transport
    started: float
    due: float
    deadline: float = 0.0
    sends: int = 0
    stream: Stream | None = None
    streams_broken: int = 0
    messages: list[Message] = field(default_factory=list)
    received_bytes: int = 0
    packets: int = 0
    signed: bytes = b""
    flags: int = 0


class ClientExchange:
    """Requests under way to one server, over UDP and over any number of streams."""

    def __init__(
        self,
        random: Random,
        schedule: Schedule | None = None,
        *,
        version: tuple[int, int] = BEST_VERSION,
        message_bytes_max: int = MESSAGE_BYTES_MAX,
    ) -> None:
        self.schedule = schedule or Schedule()
        self.ignored = 0
        """Datagrams and messages that could not be used: garbage, late, repeated, of other requests."""
        self._random = random
        self._version = version
        self._message_bytes_max = message_bytes_max
        self._pending: dict[int, _Pending] = {}
        self._due: list[tuple[float, int]] = []
        self._outcomes: list[Outcome] = []
        self._reassembly = Reassembly(message_bytes_max=message_bytes_max)

    def __len__(self) -> int:
        return len(self._pending)

    def ask(self, request: Request, now: float, *, transport: Transport) -> int:
        """Take a request and return its id.

        Over UDP its datagrams are among the next `datagrams_due`; otherwise the next outcomes say that it
        needs a stream.

        Raises:
            EncodingError: A field of the request does not fit into its place.

        """
        message = _encode(request)
        request_id = self._random.randrange(1, 0x7FFFFFFF)
        while request_id in self._pending:
            request_id = self._random.randrange(1, 0x7FFFFFFF)
        pending = _Pending(request, message, transport, started=now, due=now)
        pending.signed = message[: -len(CREDENTIAL_NONE)]
        if request.session is not None:
            envelope = self._envelope(request_id, pending)
            pending.flags, pending.message = request.session.seal(envelope, message)
        self._pending[request_id] = pending
        if transport is Transport.UDP:
            heapq.heappush(self._due, (now, request_id))
        else:
            self._move_to_stream(request_id, pending, now)
        return request_id

    def forget(self, request_id: int) -> None:
        """Give up a request; what comes back for it is ignored. Unknown ids are fine."""
        pending = self._pending.pop(request_id, None)
        if pending is not None and pending.stream is not None:
            pending.stream.request_ids.pop(request_id, None)
        if len(self._due) > 2 * len(self._pending) + 64:
            self._due = [entry for entry in self._due if self._is_current(entry)]
            heapq.heapify(self._due)

    def _is_current(self, entry: tuple[float, int]) -> bool:
        pending = self._pending.get(entry[1])
        return pending is not None and pending.due == entry[0]

    def wake_at(self) -> float | None:
        """Return when something will be due, or None while nothing waits."""
        while self._due and not self._is_current(self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def datagrams_due(self, now: float) -> list[bytes]:
        """Return the datagrams to send at ``now``; requests whose time is over become outcomes."""
        datagrams: list[bytes] = []
        due = self._due
        while due and due[0][0] <= now:
            entry = heapq.heappop(due)
            if self._is_current(entry):
                datagrams += self._advance(entry[1], self._pending[entry[1]], now)
        return datagrams

    def _advance(self, request_id: int, pending: _Pending, now: float) -> list[bytes]:
        """Do what is due for one request: send (again), move to TCP, or fail."""
        if pending.transport is not Transport.UDP:
            self._fail(request_id, TimedOut(f"No answer within {now - pending.started:.1f} s"))
            return []
        offsets = self.schedule.sends_at
        sends = pending.sends
        if sends >= len(offsets):
            self.give_up_udp(request_id, now)
            return []
        pending.sends = sends + 1
        following = offsets[sends + 1] if sends + 1 < len(offsets) else self.schedule.udp_seconds
        self._schedule(request_id, pending, pending.started + following)
        return split(self._envelope(request_id, pending), pending.message)

    def give_up_udp(self, request_id: int, now: float) -> None:
        """Move a request from UDP to TCP; one that changes something fails, as it may be under way."""
        pending = self._pending.get(request_id)
        if pending is None or pending.transport is not Transport.UDP:
            return
        if pending.request.op_code in REPEATABLE:
            self._move_to_stream(request_id, pending, now)
        else:
            self._fail(
                request_id, TimedOut("No answer over UDP, and the request must not be repeated")
            )

    def _move_to_stream(self, request_id: int, pending: _Pending, now: float) -> None:
        pending.transport = Transport.TCP
        pending.deadline = now + self.schedule.stream_seconds
        self._schedule(request_id, pending, pending.deadline)
        self._outcomes.append(StreamNeeded(request_id, pending.deadline))

    def _schedule(self, request_id: int, pending: _Pending, due: float) -> None:
        pending.due = due
        heapq.heappush(self._due, (due, request_id))

    def _envelope(self, request_id: int, pending: _Pending) -> Envelope:
        major, minor = self._version
        session_id, flags = pending.request.session_id, pending.flags
        return Envelope(major, minor, flags, *BEST_VERSION, session_id, request_id, 0, 0)

    def outcomes(self) -> list[Outcome]:
        """Return what has happened since the last call, in order."""
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def receive_datagram(self, datagram: bytes, now: float) -> None:
        """Take whatever arrived on the UDP socket."""
        try:
            first = decode_envelope(datagram)
            request_id = first.request_id
            pending = self._pending.get(request_id)
            if pending is None or pending.transport is not Transport.UDP:
                self.ignored += 1
                return
            if _is_of_another_session(pending, first):
                self.ignored += 1
                return
            pending.received_bytes += len(datagram)
            pending.packets += 1
            joined = self._reassembly.add(None, datagram, now)
            if joined is None:
                # Servers send no more of a long answer than its beginning, lest it be aimed at somebody.
                if first.message_length > WHOLE_OVER_UDP_BYTES_MAX:
                    self.give_up_udp(request_id, now)
                return
            envelope, data = joined
            message = _decode_reply(envelope, data, pending.request.session)
        except ProtocolError:
            # A forged or damaged datagram must not end a request that a good one may still answer.
            self.ignored += 1
            return
        if message.op_flags & OpFlag.CONTINUOUS:
            self.give_up_udp(request_id, now)
            return
        pending.messages = [message]
        self._answer(request_id, pending, envelope, now)

    def open_stream(self) -> Stream:
        """Return the state for a new connection."""
        return Stream(self._message_bytes_max)

    def send_on(self, stream: Stream, request_id: int) -> bytes:
        """Return the bytes that ask over this connection; nothing if the request is over already."""
        pending = self._pending.get(request_id)
        if pending is None:
            return b""
        pending.stream = stream
        stream.request_ids[request_id] = None
        envelope = self._envelope(request_id, pending)
        envelope.message_length = len(pending.message)
        return envelope.encode() + pending.message

    def receive_bytes(self, stream: Stream, data: bytes, now: float) -> bool:
        """Take what was read from a connection; False says that it is of no further use."""
        try:
            framed = stream.framer.feed(data)
        except ProtocolError as error:
            self._fail_stream(
                stream, MalformedAnswer(f"The connection carries no messages: {error}")
            )
            return False
        for envelope, message in framed:
            self._receive_message(stream, envelope, message, now)
        failure = stream.framer.failure
        if failure is not None:
            self._fail_stream(
                stream, MalformedAnswer(f"The connection carries no messages: {failure}")
            )
        return failure is None

    def _receive_message(self, stream: Stream, envelope: Envelope, data: bytes, now: float) -> None:
        request_id = envelope.request_id
        pending = self._pending.get(request_id)
        if pending is None or pending.stream is not stream:
            self.ignored += 1
            return
        if _is_of_another_session(pending, envelope):
            self.ignored += 1
            return
        pending.received_bytes += ENVELOPE_BYTES + len(data)
        pending.packets += 1
        try:
            message = _decode_reply(envelope, data, pending.request.session)
        except ProtocolError as error:
            self._fail(request_id, MalformedAnswer(f"The answer cannot be read: {error}"))
            return
        pending.messages.append(message)
        if not message.op_flags & OpFlag.CONTINUOUS:
            stream.answers += 1
            self._answer(request_id, pending, envelope, now)
        elif pending.received_bytes > CONTINUED_BYTES_MAX:
            self._fail(
                request_id, MalformedAnswer(f"Over {CONTINUED_BYTES_MAX} bytes, and more follow")
            )

    def close_stream(self, stream: Stream, now: float) -> None:
        """Note that a connection ended; its unanswered requests move to another or fail.

        A connection that answered something before it ended counts against none that was waiting on it:
        some servers close after each answer (handle-protocol.md §1.4). One that answered nothing counts
        against its oldest request only, because closing with the others unread may have destroyed the
        answer on its way.
        """
        blamed = None if stream.answers else next(iter(stream.request_ids), None)
        for request_id in list(stream.request_ids):
            pending = self._pending[request_id]
            pending.stream = None
            pending.messages = []
            pending.streams_broken += request_id == blamed
            repeatable = pending.request.op_code in REPEATABLE
            if not repeatable or pending.streams_broken >= STREAMS_PER_REQUEST_MAX:
                self._fail(request_id, ConnectionLost("The connection closed before the answer"))
            elif now >= pending.deadline:
                self._fail(request_id, TimedOut("The connection closed, and the time is over"))
            else:
                self._outcomes.append(StreamNeeded(request_id, pending.deadline))
        stream.request_ids.clear()

    def _fail_stream(self, stream: Stream, error: NotAnswered) -> None:
        for request_id in list(stream.request_ids):
            self._fail(request_id, error)

    def _answer(self, request_id: int, pending: _Pending, envelope: Envelope, now: float) -> None:
        reply = ServerReply(
            request_id,
            envelope,
            pending.messages,
            pending.transport,
            now - pending.started,
            pending.received_bytes,
            pending.packets,
            pending.signed,
        )
        self.forget(request_id)
        self._outcomes.append(Answered(request_id, reply))

    def _fail(self, request_id: int, error: NotAnswered) -> None:
        self.forget(request_id)
        self._outcomes.append(Failed(request_id, error))


def _is_of_another_session(pending: _Pending, envelope: Envelope) -> bool:
    """Return whether an answer to a request under a session bears another session's number."""
    session = pending.request.session
    return session is not None and envelope.session_id != session.number


def _encode(request: Request) -> bytes:
    return encode_response(
        request.op_code,
        0,
        request.op_flags,
        SITE_SERIAL_UNKNOWN,
        request.expiration,
        request.body,
        recursion_count=request.recursion_count,
    )


class _NotAReply(ProtocolError):
    """A message that is well formed and still no answer: our own request sent back, or encrypted."""


def _decode_reply(envelope: Envelope, data: bytes, session: "ClientSession | None") -> Message:
    if envelope.flags & EnvelopeFlag.ENCRYPTED:
        if session is None:
            raise _NotAReply("The message is encrypted, and there is no session")
        data = session.open(envelope, data)
    message = decode_message(data)
    if message.response_code == 0:
        raise _NotAReply("The message has no response code")
    return message
