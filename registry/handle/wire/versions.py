"""Describes what the protocol version of a message implies (handle-protocol.md §1.5, §4 and §5).

Everything that depends on the version follows the version of the message itself: a response is
signed in the layout of the response's envelope.
"""

import hashlib
import hmac
import struct
from typing import Final

from idnode.registry.handle.wire.constants import BEST_VERSION, DigestAlgorithm, ResponseCode
from idnode.registry.handle.wire.envelope import Envelope

Version = tuple[int, int]
"""Major and minor; compares as the protocol does."""

_TYPED_DIGESTS: Final = (2, 1)
_INITIAL_VECTOR: Final = (2, 4)
_NEW_RESPONSE_CODES: Final = (2, 5)
_MAC_COVERS_ENVELOPE: Final = (2, 5)
_SIGNATURE_COVERS_ENVELOPE: Final = (2, 6)
_SHA256: Final = (2, 7)
_SUGGESTION_SIGNED: Final = (2, 8)
_DSA_SHA256: Final = (2, 11)

_pack_front = struct.Struct(">BBBBIIi").pack

_OLD_RESPONSE_CODES: Final = {
    int(ResponseCode.SERVER_BACKUP): int(ResponseCode.PREFIX_REFERRAL),
    int(ResponseCode.INVALID_VALUE): int(ResponseCode.VALUE_EXISTS),
}


def negotiate(request: Envelope, best: Version = BEST_VERSION) -> Version:
    """Return the version of the response: the highest that both sides know.

    A suggestion of 0.0 counts as equal to the request's version.
    """
    suggested = (request.suggested_major, request.suggested_minor)
    if suggested == (0, 0):
        suggested = (request.major, request.minor)
    return min(best, suggested)


def version_of(envelope: Envelope) -> Version:
    """Return the version in which a message is written."""
    return envelope.major, envelope.minor


def digest_algorithm(version: Version) -> int:
    """Return the `DigestAlgorithm` for request digests."""
    if version >= _SHA256:
        return DigestAlgorithm.SHA256
    return DigestAlgorithm.SHA1 if version >= _TYPED_DIGESTS else DigestAlgorithm.MD5


def digest_is_typed(version: Version) -> bool:
    """Return whether a challenge's digest stands in front with an algorithm byte (since 2.1)."""
    return version >= _TYPED_DIGESTS


def has_initial_vector(version: Version) -> bool:
    """Return whether an initial vector precedes an encrypted message (since 2.4)."""
    return version >= _INITIAL_VECTOR


def signature_hash(version: Version, *, dsa: bool = False) -> str:
    """Return the name of the hash with which a message of this version is signed."""
    return "SHA-256" if version >= (_DSA_SHA256 if dsa else _SHA256) else "SHA1"


def response_code_for(version: Version, code: int) -> int:
    """Return the code under which an outcome is sent: versions before 2.5 lack 7 and 202."""
    return code if version >= _NEW_RESPONSE_CODES else _OLD_RESPONSE_CODES.get(code, code)


def signed_bytes(envelope: Envelope, signed: bytes, counter: int = 0) -> bytes:
    """Return what a signature covers, by the envelope's version (handle-protocol.md §4).

    ``signed`` is header and body as sent, ``counter`` the credential's session counter.
    """
    version = major, minor = envelope.major, envelope.minor
    if version < _SIGNATURE_COVERS_ENVELOPE:
        return signed
    session_id, request_id = envelope.session_id, envelope.request_id
    if version < _SHA256:
        # Overlapping writes in the reference code: only these fields of the layout survive.
        front = struct.pack(">BBHi6x", major, minor, session_id >> 16, counter)
    elif version < _SUGGESTION_SIGNED:
        front = struct.pack(">BBIIi", major, minor, session_id, request_id, counter)
    else:
        suggested_major, suggested_minor = envelope.suggested_major, envelope.suggested_minor
        front = _pack_front(
            major, minor, suggested_major, suggested_minor, session_id, request_id, counter
        )
    return front + signed


def message_mac(
    envelope: Envelope, signed: bytes, counter: int, session_key: bytes
) -> tuple[bytes, bytes]:
    """Return algorithm name and code of an HS_MAC credential (handle-protocol.md §4).

    ``signed`` is header and body as sent, ``counter`` the credential's session counter.
    """
    version = version_of(envelope)
    if version >= _SHA256:
        covered = signed_bytes(envelope, signed, counter)
        return b"HMAC-SHA256", hmac.digest(session_key, covered, "sha256")
    if version >= _MAC_COVERS_ENVELOPE:
        covered = _overlapping_mac_input(envelope, signed, counter, session_key)
        name = b"SHA1" if version >= _SIGNATURE_COVERS_ENVELOPE else b"\x02"
    else:
        covered = session_key + signed + session_key
        name = b"\x02"
    return name, hashlib.sha1(covered, usedforsecurity=False).digest()


def _overlapping_mac_input(
    envelope: Envelope, signed: bytes, counter: int, session_key: bytes
) -> bytes:
    """Return the buffer of 2.5 and 2.6, whose fields overwrite each other in this order."""
    key_bytes = len(session_key)
    buffer = bytearray(2 * key_bytes + len(signed) + 14)
    for at, part in (
        (0, session_key),
        (key_bytes, bytes(version_of(envelope))),
        (key_bytes + 2, struct.pack(">I", envelope.session_id)),
        (4, struct.pack(">I", envelope.request_id)),
        (4, struct.pack(">i", counter)),
        (4, signed),
        (4 + len(signed), session_key),
    ):
        buffer[at : at + len(part)] = part
    return bytes(buffer)
