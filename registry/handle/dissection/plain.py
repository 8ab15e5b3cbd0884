"""Recognises plain resolutions by their lengths, so that what comes most often need not be dissected to be kept.

A message is plain if each length in it leads exactly to the next field and the last one to its end (so that nothing lies
between or behind the fields), nothing of it proves who sent it, and no mark of a secret value stands anywhere in it.
Everything else, secret or only odd, is for `message.redacted`.
"""

from __future__ import annotations

import struct
from typing import Final

from idnode.registry.handle.dissection.values import PRIVATE_MARKS, SECRET_TYPES
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.values import spans
from idnode.registry.handle.wire.constants import ENVELOPE_BYTES, OpCode, OpFlag, ResponseCode
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.resolution import decode_query, encode_query

_HEAD: Final = struct.Struct(">2xBx8x2I3I8xI")
"""Of envelope and header: flags, sequence number, message length, op code, response code, op flags, body length."""
_UNSIGNED: Final = struct.Struct(">I")
_ENVELOPE_FLAGS: Final = 0xE0
_NO_CREDENTIAL: Final = bytes(4)


def is_plain(data: bytes) -> bool:
    """Return whether a message is a resolution, or a successful answer to one, without a secret in it."""
    try:
        flags, sequence, length, op_code, response_code, op_flags, size = _HEAD.unpack_from(data)
        end = _HEAD.size + size
        if (
            flags & _ENVELOPE_FLAGS
            or sequence
            or length != len(data) - ENVELOPE_BYTES
            or op_code != OpCode.RESOLUTION
            or op_flags & OpFlag.REQUEST_DIGEST
            or data[end:] != _NO_CREDENTIAL
            or _is_marked(data)
        ):
            return False
        body = data[_HEAD.size : end]
        if response_code == ResponseCode.SUCCESS:
            (handle_bytes,) = _UNSIGNED.unpack_from(body)
            spans(body[4 + handle_bytes :])
            return True
        if response_code:
            return False
        query = decode_query(body)
    except (struct.error, ProtocolError, RegistryError):  # a length led elsewhere
        return False
    return query.authorization is None and encode_query(query) == body


def _is_marked(data: bytes) -> bool:
    if any(mark in data for mark in PRIVATE_MARKS):
        return True
    upper = data.upper()
    return any(secret in upper for secret in SECRET_TYPES)
