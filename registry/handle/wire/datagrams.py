"""Messages cut into datagrams and put together again (handle-protocol.md §1.3)."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Final

from idnode.registry.handle.wire.constants import (
    DATAGRAM_PAYLOAD_BYTES_MAX,
    ENVELOPE_BYTES,
    MESSAGE_BYTES_MAX,
    EnvelopeFlag,
)
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope, encode_envelope
from idnode.registry.handle.wire.errors import FragmentsInconsistent, MessageTooLarge

REASSEMBLY_SECONDS: Final = 5.0
"""How long the reference server waits for the missing datagrams of a message."""

_FRAGMENT_BYTES_MIN: Final = 64
"""No sender cuts smaller (all known ones cut at 492); bounds the pieces of one message."""

_FRAGMENT_COST_BYTES: Final = 128
"""What holding one piece costs besides its bytes."""


def split(envelope: Envelope, message: bytes, *, mark_truncated: bool = True) -> list[bytes]:
    """Return the datagrams of a message, each at most 512 bytes, each with the total length.

    The envelope's own ``sequence`` and ``message_length`` are not looked at. With
    ``mark_truncated`` each of several datagrams carries the flag TRUNCATED (as the reference
    server 9.3.1 and every client do), without it none does (as server 9.2.0 did). A single
    datagram keeps the envelope's flags, because the answer to a request of several datagrams
    repeats the flag.
    """
    total = len(message)
    flags = envelope.flags
    if total > DATAGRAM_PAYLOAD_BYTES_MAX:
        flags &= ~EnvelopeFlag.TRUNCATED
        if mark_truncated:
            flags |= EnvelopeFlag.TRUNCATED
    starts = range(0, total or 1, DATAGRAM_PAYLOAD_BYTES_MAX)
    return [
        encode_envelope(
            envelope.major,
            envelope.minor,
            flags,
            envelope.suggested_major,
            envelope.suggested_minor,
            envelope.session_id,
            envelope.request_id,
            sequence,
            total,
        )
        + message[start : start + DATAGRAM_PAYLOAD_BYTES_MAX]
        for sequence, start in enumerate(starts)
    ]


@dataclass(slots=True)
class _Partial:
    """The datagrams of one message so far."""

    total: int
    deadline: float
    envelope: Envelope
    pieces: dict[int, bytes] = field(default_factory=dict)
    received: int = 0
    cost: int = 0


class Reassembly:
    """Puts the datagrams of each message together, bounded in messages, bytes and time.

    Messages are told apart by source and request id. When a bound is met, the message that has
    waited longest gives way. With ``flagged_only`` (a server's side) a datagram without the
    flag TRUNCATED is a message by itself whatever length it announces, as the reference server
    takes it; a client has to join unflagged datagrams too, because server 9.2.0 left the flag
    clear in its answers.
    """

    __slots__ = (
        "_cost",
        "_partials",
        "bytes_max",
        "flagged_only",
        "message_bytes_max",
        "messages_max",
        "seconds",
    )

    def __init__(
        self,
        *,
        messages_max: int = 1024,
        bytes_max: int = 8 << 20,
        message_bytes_max: int = MESSAGE_BYTES_MAX,
        seconds: float = REASSEMBLY_SECONDS,
        flagged_only: bool = False,
    ) -> None:
        self.messages_max = messages_max
        self.bytes_max = bytes_max
        self.message_bytes_max = message_bytes_max
        self.seconds = seconds
        self.flagged_only = flagged_only
        self._partials: dict[tuple[Hashable, int], _Partial] = {}
        self._cost = 0

    def __len__(self) -> int:
        return len(self._partials)

    @property
    def held_bytes(self) -> int:
        """Bytes that incomplete messages cost now, overhead included."""
        return self._cost

    def add(self, source: Hashable, datagram: bytes, now: float) -> tuple[Envelope, bytes] | None:
        """Take a datagram; return the message that it completes and the envelope of its first part.

        ``now`` is in seconds of any clock that does not run backwards. A repeated datagram is
        ignored.

        Raises:
            EnvelopeTooShort: The datagram has no whole envelope.
            UnsupportedVersion: Its envelope is of no version of this protocol.
            MessageTooLarge: It announces more than ``message_bytes_max``.
            FragmentsInconsistent: It contradicts earlier datagrams; the message is given up.

        """
        envelope = decode_envelope(datagram)
        total = envelope.message_length
        sequence = envelope.sequence
        payload = datagram[ENVELOPE_BYTES:]
        flagged = envelope.flags & EnvelopeFlag.TRUNCATED
        if self.flagged_only and not flagged:
            return envelope, payload[:total]
        if sequence == 0 and len(payload) >= total:
            return envelope, payload[:total]
        if total > self.message_bytes_max:
            raise MessageTooLarge(total, self.message_bytes_max)
        self.expire(now)
        key = (source, envelope.request_id)
        partial = self._partials.get(key)
        if partial is None:
            partial = _Partial(total, now + self.seconds, envelope)
            self._partials[key] = partial
        elif partial.pieces.get(sequence) == payload and partial.total == total:
            return None
        reason = _contradiction(partial, sequence, total, payload)
        if reason:
            self._drop(key)
            raise FragmentsInconsistent(envelope.request_id, reason)
        self._hold(partial, envelope, payload)
        if partial.received == total and max(partial.pieces) == len(partial.pieces) - 1:
            self._drop(key)
            pieces = partial.pieces
            return partial.envelope, b"".join([pieces[number] for number in range(len(pieces))])
        self._make_room()
        return None

    def _hold(self, partial: _Partial, envelope: Envelope, payload: bytes) -> None:
        if envelope.sequence == 0:
            partial.envelope = replace(envelope)
        partial.pieces[envelope.sequence] = payload
        partial.received += len(payload)
        cost = len(payload) + _FRAGMENT_COST_BYTES
        partial.cost += cost
        self._cost += cost

    def _drop(self, key: tuple[Hashable, int]) -> None:
        self._cost -= self._partials.pop(key).cost

    def _make_room(self) -> None:
        while len(self._partials) > self.messages_max or self._cost > self.bytes_max:
            self._drop(next(iter(self._partials)))

    def expire(self, now: float) -> int:
        """Give up the messages that have waited too long at ``now``; return how many."""
        given_up = 0
        # Insertion order is order of deadlines, because every message waits equally long.
        while self._partials:
            key, oldest = next(iter(self._partials.items()))
            if oldest.deadline > now:
                break
            self._drop(key)
            given_up += 1
        return given_up


def _contradiction(partial: _Partial, sequence: int, total: int, payload: bytes) -> str:
    """Return why this piece cannot belong to the message, or nothing."""
    if total != partial.total:
        return f"total length {total} after {partial.total}"
    if sequence in partial.pieces:
        return f"part {sequence} came twice, with different bytes"
    if sequence > total // _FRAGMENT_BYTES_MIN:
        return f"part {sequence} of a message of {total} bytes"
    if not payload:
        return f"part {sequence} is empty"
    if partial.received + len(payload) > total:
        return f"parts are longer than the message of {total} bytes"
    return ""
