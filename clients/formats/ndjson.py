"""NDJSON: an item or a record a line, as `clients/formats/item.py` writes it; sent as it stands."""

from collections.abc import Iterable, Iterator
from typing import Final

import orjson

from idnode.clients.formats.item import item_of
from idnode.clients.formats.record import Format, Item, Record, Source, Target, Unreadable

ITEM_BYTES_MAX: Final = 8 << 20
"""Longest item that is read: a long record, which escapes may multiply."""


def _recognises(head: bytes) -> bool:
    line, _, _ = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        # A first line longer than the head; an item begins with its handle.
        return line.startswith((b'["', b'[ "', b'{"handle":')) and b"\n" not in head
    if isinstance(found, dict):
        return "handle" in found and "responseCode" not in found
    return isinstance(found, list) and bool(found) and isinstance(found[0], str)


def _items(source: Source) -> Iterator[Item]:
    number = 0
    while line := source.file.readline(ITEM_BYTES_MAX + 1):
        number += 1
        if len(line) > ITEM_BYTES_MAX:
            raise Unreadable(number, f"longer than {ITEM_BYTES_MAX} bytes")
        if stripped := line.strip():
            yield Item(stripped, number)


def _write(records: Iterable[Record], _target: Target) -> Iterator[bytes]:
    for record in records:
        yield item_of(record) + b"\n"


NDJSON = Format("ndjson", "NDJSON, an item a line", _recognises, _items, _write)
