"""The three encodings of the bulk API, both ways: msgpack, NDJSON and JSON.

Requests are read item by item, so that the event loop gets its turn between slices. An NDJSON line that is no
JSON is one bad item; a msgpack or JSON body that breaks off has no items at all.
"""

from collections.abc import Iterator
from enum import Enum
from io import BytesIO
from typing import Any, Final

import msgpack
import orjson

from idnode.node.faces.bulk.items import MalformedItem
from idnode.node.faces.http.body import BodyRefused
from idnode.node.service.errors import BatchTooLarge
from idnode.registry.handle.limits import VALUES_MAX
from idnode.registry.limits import BATCH_ITEMS_MAX

BODY_BYTES_MAX: Final = 64 * 1024 * 1024
"""Largest request body, counted after decompression."""

JSON_BODY_BYTES_MAX: Final = 8 * 1024 * 1024
"""Largest body of plain JSON: it can only be parsed in one piece, and longer pieces would stall the node."""

_MAP_MEMBERS_MAX: Final = 64
_UNREADABLE: Final = (ValueError, TypeError, OverflowError, msgpack.UnpackException)


class Encoding(Enum):
    """Describes how a body is written."""

    MSGPACK = "application/msgpack"
    NDJSON = "application/x-ndjson"
    JSON = "application/json"


_BY_TYPE: Final = {
    "application/msgpack": Encoding.MSGPACK,
    "application/x-msgpack": Encoding.MSGPACK,
    "application/vnd.msgpack": Encoding.MSGPACK,
    "application/x-ndjson": Encoding.NDJSON,
    "application/ndjson": Encoding.NDJSON,
    "application/jsonl": Encoding.NDJSON,
    "application/json": Encoding.JSON,
}


def encoding_of(content_type: str) -> Encoding:
    """Return the encoding of a request body.

    Raises:
        BodyRefused: None that is served here (415).

    """
    found = _BY_TYPE.get(content_type.lower())
    if found is None:
        served = ", ".join(encoding.value for encoding in Encoding)
        raise BodyRefused(415, f"Content-Type must be one of {served}")
    return found


def wanted_encoding(accept: str, otherwise: Encoding) -> Encoding:
    """Return the first encoding that an ``Accept`` header names, else that of the request."""
    for part in accept.split(","):
        found = _BY_TYPE.get(part.partition(";")[0].strip().lower())
        if found is not None:
            return found
    return otherwise


def body_bytes_max(encoding: Encoding) -> int:
    """Return the bound for a request body in this encoding."""
    return JSON_BODY_BYTES_MAX if encoding is Encoding.JSON else BODY_BYTES_MAX


def read_items(body: bytes, encoding: Encoding) -> Iterator[Any]:
    """Yield the items of a body; a line of NDJSON that is no JSON comes as a `MalformedItem`.

    Raises:
        BodyRefused: The body as a whole is not in its encoding (400).
        BatchTooLarge: More items than one request may have.

    """
    if encoding is Encoding.MSGPACK:
        return _msgpack_items(body)
    return _lines(body) if encoding is Encoding.NDJSON else _json_items(body)


def too_many() -> BatchTooLarge:
    """Return the error of a body with more items than one request may have."""
    return BatchTooLarge(f"A request has at most {BATCH_ITEMS_MAX} items")


def broken() -> BodyRefused:
    """Return the error of a body that is no msgpack array of items."""
    return BodyRefused(400, "Body is no msgpack array of items, or breaks off")


def more_behind() -> BodyRefused:
    """Return the error of a body that goes on behind its items."""
    return BodyRefused(400, "Bytes follow the msgpack array of items")


def read_item(source: bytes, encoding: Encoding) -> Any:
    """Return the item that these bytes of a msgpack or NDJSON body are, as `read_items` would.

    Raises:
        BodyRefused: The item makes the body as a whole unreadable.

    """
    if encoding is Encoding.NDJSON:
        return _line_item(source)
    unpacker = _unpacker(source)
    try:
        return unpacker.unpack()
    except _UNREADABLE as error:
        raise broken() from error


def _unpacker(body: bytes) -> msgpack.Unpacker:
    """Return what reads a body; texts and binaries both come out as bytes, tuples for arrays."""
    unpacker = msgpack.Unpacker(
        raw=True,
        use_list=False,
        max_buffer_size=max(len(body), 1),
        max_array_len=VALUES_MAX + 1,
        max_map_len=_MAP_MEMBERS_MAX,
    )
    unpacker.feed(body)
    return unpacker


def _msgpack_items(body: bytes) -> Iterator[Any]:
    try:
        unpacker = _unpacker(body)
        count = unpacker.read_array_header()
        if count > BATCH_ITEMS_MAX:
            raise too_many()
        for _ in range(count):
            yield unpacker.unpack()
        left = unpacker.tell() != len(body)
    except _UNREADABLE as error:
        raise broken() from error
    if left:
        raise more_behind()


def _json_items(body: bytes) -> Iterator[Any]:
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BodyRefused(400, f"Body is no JSON: {error}") from error
    if not isinstance(items, list):
        raise BodyRefused(400, "Body is no JSON array of items")
    if len(items) > BATCH_ITEMS_MAX:
        raise too_many()
    yield from items


def _lines(body: bytes) -> Iterator[Any]:
    count = 0
    for line in BytesIO(body):
        if line.isspace():
            continue
        count += 1
        if count > BATCH_ITEMS_MAX:
            raise too_many()
        yield _line_item(line)


def _line_item(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return MalformedItem(f"Line is no JSON: {error}")


def write_counts(accepted: int, failures: list[dict[str, Any]], encoding: Encoding) -> bytes:
    """Return the answer to a batch: what was accepted, and why the rest was not."""
    counts: dict[str, Any] = {"accepted": accepted, "failed": len(failures)}
    if encoding is Encoding.NDJSON:
        return b"".join(orjson.dumps(line) + b"\n" for line in (counts, *failures))
    counts["failures"] = failures
    return msgpack.packb(counts) if encoding is Encoding.MSGPACK else orjson.dumps(counts)


class RecordWriter:
    """Writes the answer to a bulk resolution in pieces: opening, records, closing."""

    def __init__(self, encoding: Encoding, count: int) -> None:
        self._encoding = encoding
        self._count = count
        self._written = 0

    def opening(self) -> bytes:
        """Return what comes before the records."""
        if self._encoding is Encoding.MSGPACK:
            packer = msgpack.Packer()
            return (
                packer.pack_map_header(1)
                + packer.pack("records")
                + packer.pack_array_header(self._count)
            )
        return b'{"records":[' if self._encoding is Encoding.JSON else b""

    def records(self, records: list[dict[str, Any]]) -> bytes:
        """Return the next records."""
        if self._encoding is Encoding.MSGPACK:
            return b"".join([msgpack.packb(record) for record in records])
        if self._encoding is Encoding.NDJSON:
            return b"".join([orjson.dumps(record) + b"\n" for record in records])
        comma = b"," if self._written else b""
        self._written += len(records)
        return comma + orjson.dumps(records)[1:-1] if records else b""

    def closing(self) -> bytes:
        """Return what comes behind the records."""
        return b"]}" if self._encoding is Encoding.JSON else b""
