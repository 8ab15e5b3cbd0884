"""Requests that arrive on a stream in several envelopes, flagged TRUNCATED (handle-protocol.md §1.2).

id-pointer cuts requests over 262,124 bytes like that. Whether each of its envelopes announces the whole message,
as on datagrams, or its own part, was never observed: both are taken. A stream's parts come in order, so one
message at a time is put together.
"""

from typing import Final

from idnode.registry.handle.wire.constants import HEADER_BYTES, MESSAGE_BYTES_MAX, EnvelopeFlag
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.errors import FragmentsInconsistent, MessageTooLarge

PART_BYTES_MAX: Final = MESSAGE_BYTES_MAX - 20
"""Where the cut is made: with its envelope, a part is as long as a message may be."""

JOINED_BYTES_MAX: Final = 4 * MESSAGE_BYTES_MAX
"""Longest message that is put together; no record that long could be resolved."""


def part_bytes(envelope: Envelope) -> int:
    """Return how many bytes follow an envelope on the stream.

    Raises:
        MessageTooLarge: It announces more than is put together.

    """
    length = envelope.message_length
    if length <= PART_BYTES_MAX or not envelope.flags & EnvelopeFlag.TRUNCATED:
        return length
    if length > JOINED_BYTES_MAX:
        raise MessageTooLarge(length, JOINED_BYTES_MAX)
    left = length - envelope.sequence * PART_BYTES_MAX
    return max(min(left, PART_BYTES_MAX), 0)


class Joiner:
    """Puts the parts of one message together, bounded in bytes."""

    __slots__ = ("_envelope", "_parts", "_size")

    def __init__(self) -> None:
        self._envelope: Envelope | None = None
        self._parts: list[bytes] = []
        self._size = 0

    def take(self, envelope: Envelope, part: bytes) -> tuple[Envelope, bytes] | None:
        """Take a part; return the message that it completes, with an envelope that says so.

        Raises:
            FragmentsInconsistent: It belongs to another message than the parts before, which are dropped.
            MessageTooLarge: The message grows over what is put together.

        """
        first = self._envelope
        if first is None:
            first = self._envelope = envelope
        elif first.request_id != envelope.request_id or not part:
            self._drop()
            raise FragmentsInconsistent(envelope.request_id, "parts of two messages")
        self._parts.append(part)
        self._size += len(part)
        if self._size > JOINED_BYTES_MAX:
            self._drop()
            raise MessageTooLarge(self._size, JOINED_BYTES_MAX)
        if not self._is_whole(first, part):
            return None
        data = b"".join(self._parts)
        self._drop()
        first.flags &= ~EnvelopeFlag.TRUNCATED
        first.message_length = len(data)
        return first, data

    def _is_whole(self, first: Envelope, part: bytes) -> bool:
        if first.message_length > PART_BYTES_MAX:
            return self._size >= first.message_length
        head = self._parts[0]
        if len(head) < HEADER_BYTES:
            return True
        body_end = HEADER_BYTES + int.from_bytes(head[20:24], "big")
        # Without its credential section, a message ends with a part that is not full.
        return self._size >= body_end + 4 or (self._size == body_end and len(part) < PART_BYTES_MAX)

    def _drop(self) -> None:
        self._envelope = None
        self._parts = []
        self._size = 0
