"""Bodies of the mirroring requests, op 1001 and 1002 (handle-protocol.md §8).

The streams that follow a successful answer are not part of this codec.
"""

from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.errors import EncodingError, UnknownForm
from idnode.registry.handle.wire.versions import Version

KEEP_ALIVE: Final = b"\x01"
"""Body of the answer to a retrieve: the connection goes on with a stream."""

_PULLS_FROM_ALL: Final = (2, 9)


@dataclass(frozen=True, slots=True)
class DumpRequest:
    """Op 1002: every handle that falls to ``server`` of ``servers``, from ``start`` on if given."""

    hash_type: int
    servers: int
    server: int
    start: tuple[bytes, int] | None = None


@dataclass(frozen=True, slots=True)
class RetrieveRequest:
    """Op 1001: transactions after an id and a date (milliseconds), or after a state (JSON)."""

    hash_type: int
    servers: int
    server: int
    last_id: int = 0
    last_date: int = 0
    state: bytes | None = None


def decode_dump(body: bytes) -> DumpRequest:
    """Return the request in the body of an op 1002.

    Raises:
        FieldTooShort: A field reaches past the end of the body.

    """
    reader = Reader(body)
    hash_type, servers, server = reader.u1(), reader.i4(), reader.i4()
    start = (reader.string(), reader.i4()) if reader.remaining else None
    return DumpRequest(hash_type, servers, server, start)


def encode_dump(request: DumpRequest) -> bytes:
    """Return the body of an op 1002.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    writer = Writer().u1(request.hash_type).i4(request.servers).i4(request.server)
    if request.start is not None:
        writer.string(request.start[0]).i4(request.start[1])
    return writer.done()


def decode_retrieve(body: bytes, version: Version) -> RetrieveRequest:
    """Return the request in the body of an op 1001 of this version.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        UnknownForm: A first byte other than 0 and 1 (versions from 2.9).

    """
    reader = Reader(body)
    form = reader.u1() if version >= _PULLS_FROM_ALL else 0
    if form == 1:
        state = reader.string()
        return RetrieveRequest(reader.u1(), reader.i4(), reader.i4(), state=state)
    if form != 0:
        raise UnknownForm("retrieve request", form)
    last_id, last_date = reader.u8(), reader.u8()
    return RetrieveRequest(reader.u1(), reader.i4(), reader.i4(), last_id, last_date)


def encode_retrieve(request: RetrieveRequest, version: Version) -> bytes:
    """Return the body of an op 1001 of this version.

    Raises:
        EncodingError: A field does not fit, or a state is given before version 2.9.

    """
    if request.state is not None and version < _PULLS_FROM_ALL:
        raise EncodingError("A replication state is understood since version 2.9")
    writer = Writer()
    if version >= _PULLS_FROM_ALL:
        writer.u1(0 if request.state is None else 1)
    if request.state is None:
        writer.u8(request.last_id).u8(request.last_date)
    else:
        writer.string(request.state)
    return writer.u1(request.hash_type).i4(request.servers).i4(request.server).done()
