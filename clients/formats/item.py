"""The item of a record: a line of NDJSON, which every format is turned into before it is sent."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from idnode.clients.bulk import is_plain
from idnode.clients.formats.record import Item, Record, Source
from idnode.clients.json_values import to_json
from idnode.registry.handle.model import HandleValue


def item_of(record: Record) -> Item:
    """Return the line of one record, without its end.

    An item ``[handle, [[index, type, data, ttl], …]]`` has text as data, or ``{"base64": …}``. Values with
    permissions, references or an absolute TTL need ``{"handle": …, "values": […]}``, as in the JSON API.
    """
    found: Any = [record.handle, list(map(_item_value, record.values))]
    if not all(map(is_plain, record.values)):
        found = {"handle": record.handle, "values": list(map(to_json, record.values))}
    return Item(orjson.dumps(found), record.line)


def _item_value(value: HandleValue) -> list[Any]:
    try:
        data: Any = value.data.decode()
    except UnicodeDecodeError:
        data = {"base64": b64encode(value.data).decode()}
    return [value.index, value.type, data, value.ttl]


def items_of(
    read: Callable[[Source], Iterator[Record]],
) -> Callable[[Source], Iterator[Item]]:
    """Return a reader of items made from a reader of records."""

    def items(source: Source) -> Iterator[Item]:
        return map(item_of, read(source))

    return items
