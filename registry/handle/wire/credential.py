"""Credential section of a message (handle-protocol.md §4).

What a signature covers is in `versions`, how it is made and checked in `signatures`.
"""

from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.wire.cursor import Reader, Writer

SIGNED: Final = b"HS_SIGNED"
"""Signed with a public key."""

MAC: Final = b"HS_MAC"
"""Authenticated with a session's key."""

_CODE_FRONT: Final = bytes(8)
_CODE_MIDDLE: Final = b"\0\0\0\x06HS_MAC\0\0\0\x33\0\0\0\x0bHMAC-SHA256\0\0\0\x20"
_CODE_SECTION_BYTES: Final = 12 + len(_CODE_MIDDLE) + 32


@dataclass(frozen=True, slots=True)
class MessageCredential:
    """Proof of who sent a message.

    ``type`` is SIGNED or MAC (other texts are kept), ``algorithm`` names the digest
    (``SHA-256``), ``counter`` numbers the messages of a session.
    """

    type: bytes
    algorithm: bytes
    signature: bytes
    counter: int = 0
    signer_handle: bytes = b""
    version: int = 0
    reserved: int = 0
    options: int = 0


def decode_credential(section: bytes) -> MessageCredential:
    """Return the credential in a section's content (`Message.credential`).

    Raises:
        FieldTooShort: A field reaches past the end, or the section is empty.
        InvalidHandle: The signer's handle is longer than 4096 bytes.

    """
    reader = Reader(section)
    version, reserved = reader.u1(), reader.u1()
    options = reader.u2()
    signer_handle = reader.handle()
    counter = reader.i4()
    credential_type = reader.string()
    inner = reader.restrict(reader.u4())
    algorithm, signature = inner.string(), inner.string()
    return MessageCredential(
        credential_type,
        algorithm,
        signature,
        counter,
        signer_handle,
        version,
        reserved,
        options,
    )


def read_code(section: bytes) -> tuple[int, bytes] | None:
    """Return counter and code of a credential with an HMAC-SHA256 code, as all known clients lay it out.

    Nothing comes back for any other, which `decode_credential` may still read. Sessions ask for each message.
    """
    if len(section) != _CODE_SECTION_BYTES or not section.startswith(_CODE_FRONT):
        return None
    if section[12:-32] != _CODE_MIDDLE:
        return None
    return int.from_bytes(section[8:12], "big", signed=True), section[-32:]


def encode_credential(credential: MessageCredential) -> bytes:
    """Return the section's content, without its length.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    inner = Writer().string(credential.algorithm).string(credential.signature).done()
    return (
        Writer()
        .u1(credential.version)
        .u1(credential.reserved)
        .u2(credential.options)
        .string(credential.signer_handle)
        .i4(credential.counter)
        .string(credential.type)
        .string(inner)
        .done()
    )
