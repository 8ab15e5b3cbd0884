"""Recognises plain resolutions by their lengths, so that what comes most often need not be dissected to be kept.

A message is plain if each length in it leads exactly to the next field and the last one to its end (so that nothing lies
between or behind the fields), nothing of it proves who sent it, and no mark of a secret value stands anywhere in it.
Everything else, secret or only odd, is for `message.redacted`.
"""

from __future__ import annotations

import struct
from typing import Final

from idnode.registry.handle.dissection.values import PRIVATE_MARKS, SECRET_TYPES
from idnode.registry.handle.wire.constants import ENVELOPE_BYTES, OpCode, OpFlag, ResponseCode

_HEAD: Final = struct.Struct(">2xBx8x2I3I8xI")
"""Of envelope and header: flags, sequence number, message length, op code, response code, op flags, body length."""
_UNSIGNED: Final = struct.Struct(">I")
_ENVELOPE_FLAGS: Final = 0xE0
_VALUE_HEAD_BYTES: Final = 14
"""Index, timestamp, TTL type, TTL and permissions of a value."""
_NO_CREDENTIAL: Final = bytes(4)


def is_plain(data: bytes) -> bool:
    """Return whether a message is a resolution, or a successful answer to one, without a secret in it."""
    try:
        flags, sequence, length, op_code, response_code, op_flags, body = _HEAD.unpack_from(data)
        if (
            flags & _ENVELOPE_FLAGS
            or sequence
            or length != len(data) - ENVELOPE_BYTES
            or op_code != OpCode.RESOLUTION
            or op_flags & OpFlag.REQUEST_DIGEST
            or data[_HEAD.size + body :] != _NO_CREDENTIAL
            or _is_marked(data)
        ):
            return False
        at = _behind(data, _HEAD.size)
        if response_code == ResponseCode.SUCCESS:
            at = _behind_values(data, at)
        elif response_code == 0:
            at = _behind_query(data, at)
        else:
            return False
    except struct.error:  # a length led out of the message
        return False
    return bool(at == _HEAD.size + body)


def _is_marked(data: bytes) -> bool:
    if any(mark in data for mark in PRIVATE_MARKS):
        return True
    upper = data.upper()
    return any(secret in upper for secret in SECRET_TYPES)


def _behind(data: bytes, at: int) -> int:
    """Return where a field ends that begins with its length."""
    (length,) = _UNSIGNED.unpack_from(data, at)
    return at + 4 + int(length)


def _behind_query(data: bytes, at: int) -> int:
    (indexes,) = _UNSIGNED.unpack_from(data, at)
    at += 4 + 4 * int(indexes)
    (types,) = _UNSIGNED.unpack_from(data, at)
    at += 4
    for _ in range(types):
        at = _behind(data, at)
    return at


def _behind_values(data: bytes, at: int) -> int:
    (values,) = _UNSIGNED.unpack_from(data, at)
    at += 4
    for _ in range(values):
        at = _behind(data, _behind(data, at + _VALUE_HEAD_BYTES))
        (references,) = _UNSIGNED.unpack_from(data, at)
        at += 4
        for _ in range(references):
            at = _behind(data, at) + 4
    return at
