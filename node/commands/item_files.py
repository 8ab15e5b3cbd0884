"""Files of identifiers, read as a stream: NDJSON, one item a line, or msgpack.

An item is ``[handle, [[index, type, data, ttl?], …]]``. A file of msgpack holds one array of items, or items
one after another. What `idnode export` could not say in an item stands in NDJSON as an object
``{"handle": …, "values": […]}`` with values as the JSON API has them.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgpack

from idnode.node.commands.failure import CommandFailed

ITEMS_MAX: Final = 10_000
"""Items in one request."""

CHUNK_BYTES_MAX: Final = 16 << 20
"""Bytes of items after which a request is full, far below what a node takes (64 MiB)."""

ITEM_BYTES_MAX: Final = 4 << 20
"""Longest item that is read; a record has at most 256 kB of values, which escapes may multiply."""

_MSGPACK_SUFFIXES: Final = frozenset({".msgpack", ".mp"})


class FileForm(StrEnum):
    """How a file of identifiers is written."""

    NDJSON = "ndjson"
    MSGPACK = "msgpack"


def form_of(path: Path, asked: FileForm | None) -> FileForm:
    """Return the form that was asked for, else what the file's name says."""
    if asked is not None:
        return asked
    return FileForm.MSGPACK if path.suffix.lower() in _MSGPACK_SUFFIXES else FileForm.NDJSON


def lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of an NDJSON file that are not empty, without their ends.

    Raises:
        CommandFailed: A line is longer than an item may be.

    """
    number = 0
    while line := file.readline(ITEM_BYTES_MAX + 1):
        number += 1
        if len(line) > ITEM_BYTES_MAX:
            raise CommandFailed(f"line {number} is longer than {ITEM_BYTES_MAX} bytes")
        line = line.strip()
        if line:
            yield line


def packed_items(file: BinaryIO) -> Iterator[bytes]:
    """Yield the items of a msgpack file, each packed by itself; texts become binaries on the way.

    Raises:
        CommandFailed: The file is no msgpack, breaks off, or holds something else than items.

    """
    unpacker = msgpack.Unpacker(file, raw=True, max_buffer_size=CHUNK_BYTES_MAX)
    packer = msgpack.Packer()
    try:
        yield from (packer.pack(item) for item in _items(unpacker))
    except msgpack.OutOfData:
        raise CommandFailed("the file breaks off within an item") from None
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise CommandFailed(f"the file is no msgpack of items: {error}") from error


def _items(unpacker: msgpack.Unpacker) -> Iterator[Any]:
    try:
        count = unpacker.read_array_header()
    except msgpack.OutOfData:
        return
    for position in range(count):
        item = unpacker.unpack()
        if position == 0 and isinstance(item, bytes):
            # A handle: the array was an item itself, and others follow it.
            yield [item, *(unpacker.unpack() for _ in range(count - 1))]
            yield from unpacker
            return
        yield item


def chunks(items: Iterator[bytes], skip: int = 0) -> Iterator[list[bytes]]:
    """Yield items in lists that fit into one request, without the first ``skip``."""
    chunk: list[bytes] = []
    size = 0
    for position, item in enumerate(items):
        if position < skip:
            continue
        if chunk and (len(chunk) == ITEMS_MAX or size + len(item) > CHUNK_BYTES_MAX):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item)
    if chunk:
        yield chunk
