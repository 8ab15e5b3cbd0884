"""Credential section of a message (handle-protocol.md §4).

What a signature covers is in `versions`, how it is made and checked in `signatures`.
"""

from dataclasses import dataclass
from typing import Final

from node.protocol.cursor import Reader, Writer

SIGNED: Final = b"HS_SIGNED"
"""Signed with a public key."""

MAC: Final = b"HS_MAC"
"""Authenticated with a session's key."""


@dataclass(frozen=True, slots=True)
class Credential:
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


def decode_credential(section: bytes) -> Credential:
    """Return the credential in a section's content (`Message.credential`).

    Raises:
        FieldTooShort: A field reaches past the end, or the section is empty.
        InvalidHandle: The signer's handle is longer than 2048 bytes.

    """
    reader = Reader(section)
    version, reserved = reader.u1(), reader.u1()
    options = reader.u2()
    signer_handle = reader.handle()
    counter = reader.i4()
    credential_type = reader.string()
    inner = reader.restrict(reader.u4())
    algorithm, signature = inner.string(), inner.string()
    return Credential(
        credential_type,
        algorithm,
        signature,
        counter,
        signer_handle,
        version,
        reserved,
        options,
    )


def encode_credential(credential: Credential) -> bytes:
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
