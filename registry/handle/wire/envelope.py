"""The 20 bytes in front of every message and every datagram (handle-protocol.md §1.1)."""

import struct
from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.wire.constants import ENVELOPE_BYTES, MAJOR_VERSION_MAX
from idnode.registry.handle.wire.errors import EncodingError, EnvelopeTooShort, UnsupportedVersion

_ENVELOPE = struct.Struct(">BBBBIIII")
_pack = _ENVELOPE.pack
_unpack = _ENVELOPE.unpack_from

_FLAGS_MASK: Final = 0xE0
_SUGGESTED_MASK: Final = 0x1F
"""Five bits as DO-IRP 3 has them; hdllib looks at the lowest two."""


@dataclass(slots=True)
class Envelope:
    """Holds what the transport needs to know of a message.

    ``flags`` are the top three bits of the third byte, in place (`constants.EnvelopeFlag`).
    ``message_length`` counts the bytes of the whole message behind the envelope; in a message
    of several datagrams every envelope carries the total, and ``sequence`` counts the datagrams
    from 0.
    """

    major: int
    minor: int
    flags: int
    suggested_major: int
    suggested_minor: int
    session_id: int
    request_id: int
    sequence: int
    message_length: int

    def encode(self) -> bytes:
        """Return the 20 bytes.

        Raises:
            EncodingError: A field does not fit into its place.

        """
        return encode_envelope(
            self.major,
            self.minor,
            self.flags,
            self.suggested_major,
            self.suggested_minor,
            self.session_id,
            self.request_id,
            self.sequence,
            self.message_length,
        )


def decode_envelope(data: bytes, offset: int = 0) -> Envelope:
    """Return the envelope at ``offset``.

    The announced message length is not judged here: `framing` and `datagrams` know the limits.

    Raises:
        EnvelopeTooShort: Fewer than 20 bytes are there.
        UnsupportedVersion: The major version is none of this protocol.

    """
    if len(data) - offset < ENVELOPE_BYTES:
        raise EnvelopeTooShort(max(len(data) - offset, 0))
    major, minor, mixed, suggested_minor, session_id, request_id, sequence, length = _unpack(
        data, offset
    )
    if major > MAJOR_VERSION_MAX:
        raise UnsupportedVersion(major, minor)
    return Envelope(
        major,
        minor,
        mixed & _FLAGS_MASK,
        mixed & _SUGGESTED_MASK,
        suggested_minor,
        session_id,
        request_id,
        sequence,
        length,
    )


def encode_envelope(  # noqa: PLR0913, PLR0917  # the fields of the wire record, in its order
    major: int,
    minor: int,
    flags: int,
    suggested_major: int,
    suggested_minor: int,
    session_id: int,
    request_id: int,
    sequence: int,
    message_length: int,
) -> bytes:
    """Return the 20 bytes of an envelope without building one.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    try:
        return _pack(
            major,
            minor,
            flags | suggested_major,
            suggested_minor,
            session_id,
            request_id,
            sequence,
            message_length,
        )
    except struct.error as error:
        raise EncodingError(f"An envelope field does not fit: {error}") from error
