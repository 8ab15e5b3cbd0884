"""msgpack: one array of items, or items one after another; each is sent packed by itself."""

from collections.abc import Iterator
from typing import Any, Final

import msgpack

from idnode.clients.formats.record import Format, Item, Source, Unreadable

_BUFFER_BYTES_MAX: Final = 16 << 20
_ARRAYS: Final = (*range(0x90, 0xA0), 0xDC, 0xDD)
"""First bytes of an array, none of which begins a text in UTF-8."""


def _recognises(head: bytes) -> bool:
    return head[:1] != b"" and head[0] in _ARRAYS


def _items(source: Source) -> Iterator[Item]:
    """Yield the items of a msgpack file; texts become binaries on the way."""
    unpacker = msgpack.Unpacker(source.file, raw=True, max_buffer_size=_BUFFER_BYTES_MAX)
    packer = msgpack.Packer()
    try:
        for item in _unpacked(unpacker):
            yield Item(packer.pack(item))
    except msgpack.OutOfData:
        raise Unreadable(0, "the file breaks off within an item") from None
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise Unreadable(0, f"the file is no msgpack of items: {error}") from error


def _unpacked(unpacker: msgpack.Unpacker) -> Iterator[Any]:
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


MSGPACK = Format("msgpack", "msgpack of items", _recognises, _items, packed=True)
