"""Header, body and credential section of one message (handle-protocol.md §2).

The envelope is not part of a message, and an encrypted message has to be decrypted before it
comes here.
"""

import struct
from dataclasses import dataclass

from idnode.registry.handle.wire.constants import CREDENTIAL_NONE, HEADER_BYTES
from idnode.registry.handle.wire.errors import (
    BodyTooLong,
    CredentialTooLong,
    EncodingError,
    MessageTooShort,
)

_HEADER = struct.Struct(">IIIHBBII")
_LENGTH = struct.Struct(">I")
_pack = _HEADER.pack
_unpack = _HEADER.unpack_from
_pack_length = _LENGTH.pack
_unpack_length = _LENGTH.unpack_from


@dataclass(slots=True)
class Message:
    """One request or response.

    ``site_serial`` is unsigned (0xFFFF: unknown), ``expiration`` epoch seconds. ``credential``
    is the content of the credential section without its length, for `idnode.registry.handle.wire.credential`.
    ``signed`` is header and body exactly as received: what digests and signatures cover; it is
    empty in a message made here. ``sectioned`` is False when the credential section is left out
    altogether, as id-pointer does in logins.
    """

    op_code: int
    response_code: int
    op_flags: int
    site_serial: int
    recursion_count: int
    expiration: int
    body: bytes
    credential: bytes = b""
    signed: bytes = b""
    sectioned: bool = True


def decode_message(data: bytes) -> Message:
    """Return the message in these bytes (without envelope).

    A missing credential section and bytes behind it are tolerated, as deployed decoders do.

    Raises:
        MessageTooShort: Fewer bytes than a header has.
        BodyTooLong: The body would reach past the end.
        CredentialTooLong: The credential section would reach past the end.

    """
    size = len(data)
    if size < HEADER_BYTES:
        raise MessageTooShort(size)
    op_code, response_code, op_flags, serial, recursion, _reserved, expiration, length = _unpack(
        data
    )
    end = HEADER_BYTES + length
    if end > size:
        raise BodyTooLong(length, size - HEADER_BYTES)
    credential = b""
    sectioned = size - end >= 4
    if sectioned:
        (credential_length,) = _unpack_length(data, end)
        if credential_length:
            if credential_length > size - end - 4:
                raise CredentialTooLong(credential_length, size - end - 4)
            credential = data[end + 4 : end + 4 + credential_length]
    return Message(
        op_code,
        response_code,
        op_flags,
        serial,
        recursion,
        expiration,
        data[HEADER_BYTES:end],
        credential,
        data[:end],
        sectioned,
    )


def encode_message(message: Message) -> bytes:
    """Return the bytes of a message (without envelope); without a credential its section is empty.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    if not message.sectioned:
        return encode_signed_part(message)
    return encode_response(
        message.op_code,
        message.response_code,
        message.op_flags,
        message.site_serial,
        message.expiration,
        message.body,
        recursion_count=message.recursion_count,
        credential=message.credential,
    )


def encode_response(  # noqa: PLR0913, PLR0917  # the hot path: no object is built for these fields
    op_code: int,
    response_code: int,
    op_flags: int,
    site_serial: int,
    expiration: int,
    body: bytes,
    *,
    recursion_count: int = 0,
    credential: bytes = b"",
) -> bytes:
    """Return the bytes of a message (without envelope) from its fields; `Message` has the units.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    try:
        header = _pack(
            op_code,
            response_code,
            op_flags,
            site_serial,
            recursion_count,
            0,
            expiration,
            len(body),
        )
    except struct.error as error:
        raise EncodingError(f"A header field does not fit: {error}") from error
    if credential:
        return b"".join((header, body, _pack_length(len(credential)), credential))
    return header + body + CREDENTIAL_NONE


def encode_signed_part(message: Message) -> bytes:
    """Return header and body of a message made here: what its digest and its signature cover.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    whole = encode_response(
        message.op_code,
        message.response_code,
        message.op_flags,
        message.site_serial,
        message.expiration,
        message.body,
        recursion_count=message.recursion_count,
    )
    return whole[:-4]
