"""The HS_ADMIN value that new records get: without one, only the node's administrators could change them later.

As the tools of other systems write it: at index 100, pointing to the list of administrators at 200 of the prefix.
A record that brings an HS_ADMIN value of its own is left as it is, and so is a prefix handle, for which an HS_ADMIN
value means more: its prefix lives here.
"""

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgpack
import orjson
import typer

from idnode.registry.handle import names
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin

NoAdmin = Annotated[
    bool, typer.Option("--no-admin", help="Add no HS_ADMIN value to records that have none.")
]

_TYPE: Final = "HS_ADMIN"
_INDEX: Final = 100
_GROUP_INDEX: Final = 200
_RIGHTS: Final = Right.ALL & ~(Right.LIST_HANDLES | Right.ADD_PREFIX | Right.DELETE_PREFIX)


def with_admin(handle: str, values: Sequence[HandleValue]) -> list[HandleValue]:
    """Return the values of a new record, with administrators."""
    data = _data_for(handle.encode(errors="replace"))
    if data is None or any(value.type.upper() == _TYPE for value in values):
        return list(values)
    index = _free({value.index for value in values})
    return [*values, HandleValue(index, _TYPE, data)]


def line_with_admin(line: bytes) -> bytes:
    """Return an item of NDJSON with administrators; a line that is no item comes back as it is."""
    try:
        handle, values = orjson.loads(line)
        data = _data_for(handle.encode())
        if data is None or _has_admin(values, _TYPE):
            return line
        value = [_free({each[0] for each in values}), _TYPE]
        return orjson.dumps(
            [handle, [*values, [*value, {"base64": base64.b64encode(data).decode()}]]]
        )
    except (ValueError, TypeError, AttributeError, LookupError):
        return line


def packed_with_admin(packed: bytes) -> bytes:
    """Return an item of msgpack, texts as bytes, with administrators; what is no item comes back as it is."""
    try:
        handle, values = msgpack.unpackb(packed, raw=True)
        data = _data_for(handle)
        if data is None or _has_admin(values, _TYPE.encode()):
            return packed
        index = _free({each[0] for each in values})
        again: bytes = msgpack.packb([handle, [*values, [index, _TYPE.encode(), data]]])
    except (ValueError, TypeError, AttributeError, LookupError, msgpack.UnpackException):
        return packed
    return again


def _data_for(handle: bytes) -> bytes | None:
    prefix, slash, _suffix = handle.partition(b"/")
    if not slash or names.fold(handle).startswith(names.PREFIX_HANDLE_START):
        return None
    return encode_admin(AdminValue(_RIGHTS, names.prefix_handle(prefix), _GROUP_INDEX))


def _has_admin(values: Any, value_type: Any) -> bool:
    return any(each[1].upper() == value_type for each in values)


def _free(taken: set[int]) -> int:
    index = _INDEX
    while index in taken:
        index += 1
    return index
