"""A byte stream cut into messages (handle-protocol.md §1.2 and §1.4)."""

from typing import Final

from idnode.registry.handle.wire.constants import ENVELOPE_BYTES, MESSAGE_BYTES_MAX, EnvelopeFlag
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.errors import (
    EnvelopeTooShort,
    MalformedEnvelope,
    MessageIncomplete,
    MessageTooLarge,
)
from idnode.registry.handle.wire.stream_parts import part_bytes

_LINE_ENDS: Final = b"\r\n"


class Framer:
    """Collects a stream's bytes and gives back whole messages, however the stream was cut.

    It never holds more than one incomplete message and the last read. A message that has
    arrived in front of an impossible envelope is still delivered: then ``failure`` is set, and
    the next `feed` raises it.
    """

    __slots__ = ("_needed", "_pending", "failure", "max_bytes", "rejected")

    def __init__(self, max_bytes: int = MESSAGE_BYTES_MAX) -> None:
        self.max_bytes = max_bytes
        self.failure: MalformedEnvelope | None = None
        self.rejected: Envelope | None = None
        """The envelope of a message cut off or too large, for an answer with its request id."""
        self._pending = bytearray()
        self._needed = ENVELOPE_BYTES

    @property
    def within(self) -> bool:
        """Return whether a message has begun that is not whole yet, or none can follow any more."""
        return bool(self._pending) or self.failure is not None

    def feed(self, data: bytes) -> list[tuple[Envelope, bytes]]:
        """Take what was read and return each message that it completes, with its envelope.

        Raises:
            UnsupportedVersion: An envelope of no version of this protocol.
            MessageTooLarge: An envelope announces more than ``max_bytes``.

        """
        if self.failure is not None:
            raise self.failure
        pending = self._pending
        if pending:
            pending += data
            if len(pending) < self._needed:
                return []
            data = bytes(pending)
            pending.clear()
        messages: list[tuple[Envelope, bytes]] = []
        try:
            used = self._cut(data, messages)
        except MalformedEnvelope as failure:
            self.failure = failure
            if not messages:
                raise
            return messages
        if used < len(data):
            pending += memoryview(data)[used:]
        return messages

    def _cut(self, data: bytes, messages: list[tuple[Envelope, bytes]]) -> int:
        """Append the whole messages of ``data`` and return how many bytes they were."""
        at = 0
        size = len(data)
        while True:
            skipped = 1 if at < size and data[at] in _LINE_ENDS else 0
            start = at + skipped + ENVELOPE_BYTES
            if start > size:
                self._needed = skipped + ENVELOPE_BYTES
                return at
            envelope = decode_envelope(data, at + skipped)
            length = envelope.message_length
            if length > self.max_bytes and envelope.flags & EnvelopeFlag.TRUNCATED:
                self.rejected = envelope
                length = part_bytes(envelope)
                self.rejected = None
            if length > self.max_bytes:
                self.rejected = envelope
                raise MessageTooLarge(length, self.max_bytes)
            if start + length > size:
                self._needed = start + length - at
                return at
            messages.append((envelope, data[start : start + length]))
            at = start + length

    def finish(self) -> None:
        """Say what the end of the stream cut off; nothing is raised between two messages.

        Raises:
            EnvelopeTooShort: It ended within an envelope.
            MessageIncomplete: It ended within a message.

        """
        pending = bytes(self._pending)
        skipped = 1 if pending[:1] in {b"\r", b"\n"} else 0
        if len(pending) == skipped:
            return
        received = len(pending) - skipped - ENVELOPE_BYTES
        if received < 0:
            raise EnvelopeTooShort(len(pending) - skipped)
        self.rejected = decode_envelope(pending, skipped)
        raise MessageIncomplete(self.rejected.message_length, received)
