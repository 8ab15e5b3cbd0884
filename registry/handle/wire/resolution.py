"""Bodies of a resolution, op 1 (handle-protocol.md §5 and §5.1).

The query's decoder is the hottest function of the codec and therefore reads the buffer itself
instead of through `cursor.Reader`; every other body codec uses the reader.
"""

import struct
from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.errors import FieldTooShort

_U4 = struct.Struct(">I")
_pack_length = _U4.pack
_unpack_length = _U4.unpack_from
_NO_FILTERS: Final = b"\0" * 8


@dataclass(slots=True)
class Query:
    """Holds what is asked for: the handle as spelled, and which of its values (both empty: all of them).

    ``authorization`` is what id-pointer appends to each query: empty bytes, or with the flag
    RECURSIVE_AUTHORIZATION a token; None when nothing was appended.
    """

    handle: bytes
    indexes: tuple[int, ...] = ()
    types: tuple[bytes, ...] = ()
    authorization: bytes | None = None


def decode_query(body: bytes) -> Query:
    """Return the query in a request's body.

    An empty body asks for the empty handle, which is how the reference server reads it
    (handle-server-observed.md §3). Bytes behind the known fields are ignored.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        CountTooLarge: A count is larger than what could follow it.
        InvalidHandle: The handle is longer than 4096 bytes.

    """
    size = len(body)
    if size < 12:
        if not size:
            return Query(b"")
        raise FieldTooShort(12, size)
    (length,) = _unpack_length(body)
    at = length + 4
    if length > HANDLE_BYTES_MAX:
        if at > size:
            raise FieldTooShort(length, size - 4)
        raise InvalidHandle(f"Handle is longer than {HANDLE_BYTES_MAX} bytes")
    if body[at:] == _NO_FILTERS:
        return Query(body[4:at])
    return _decode_filters(body, at)


def _decode_filters(body: bytes, at: int) -> Query:
    reader = Reader(body)
    handle = reader.string()
    assert reader.at == at
    indexes = reader.integers()
    types = reader.strings()
    authorization = None
    if reader.remaining >= 4:
        length = reader.u4()
        if length <= reader.remaining:
            authorization = reader.take(length)
    return Query(handle, indexes, types, authorization)


def encode_query(query: Query) -> bytes:
    """Return the body of a query.

    Raises:
        EncodingError: An index does not fit into 32 bits.

    """
    writer = Writer().string(query.handle).integers(query.indexes).strings(query.types)
    if query.authorization is not None:
        writer.string(query.authorization)
    return writer.done()


def encode_answer(handle: bytes, packed: bytes) -> bytes:
    """Return the body of an answer: the handle as asked, and the packed value list."""
    return b"".join((_pack_length(len(handle)), handle, packed))


def decode_answer(body: bytes) -> tuple[bytes, bytes]:
    """Return handle and packed value list of an answer; bytes behind the list are ignored.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        CountTooLarge: A count is larger than what could follow it.
        InvalidHandle: The handle is longer than 4096 bytes.

    """
    reader = Reader(body)
    return reader.handle(), reader.value_list()
