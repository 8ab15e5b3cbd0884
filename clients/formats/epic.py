"""Records as EPIC's API version 2 shows them: values with ``parsed_data``, ``idx`` and ``privs``.

A record is an array of values and does not name its handle: that is given beside, stands in a member
``handle`` next to ``values``, or is the name of a member of an object that holds several records.
"""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

from idnode.clients.formats.item import items_of
from idnode.clients.formats.json_stream import elements
from idnode.clients.formats.record import Format, Record, Source, Unreadable
from idnode.clients.json_values import UNREADABLE, seconds_of
from idnode.registry.handle.model import (
    PERMISSIONS_DEFAULT,
    TTL_DEFAULT_SECONDS,
    HandleValue,
    Permission,
    Reference,
)
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist

_PRIVS: Final = (
    Permission.ADMIN_READ,
    Permission.ADMIN_WRITE,
    Permission.PUBLIC_READ,
    Permission.PUBLIC_WRITE,
)
_RIGHTS: Final = {
    "add_handle": Right.ADD_HANDLE,
    "delete_handle": Right.DELETE_HANDLE,
    "add_naming_auth": Right.ADD_PREFIX,
    "delete_naming_auth": Right.DELETE_PREFIX,
    "modify_value": Right.MODIFY_VALUE,
    "remove_value": Right.REMOVE_VALUE,
    "add_value": Right.ADD_VALUE,
    "read_value": Right.READ_VALUE,
    "modify_admin": Right.MODIFY_ADMIN,
    "remove_admin": Right.REMOVE_ADMIN,
    "add_admin": Right.ADD_ADMIN,
    "list_handles": Right.LIST_HANDLES,
}


def _recognises(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"} and b'"parsed_data"' in head


def _read(source: Source) -> Iterator[Record]:
    nameless: list[Any] = []
    first = 1
    for found, line in elements(source.file):
        if isinstance(found, dict) and ("parsed_data" in found or "type" in found):
            first = first if nameless else line
            nameless.append(found)  # the file is the array of one record's values
            continue
        try:
            yield from _records(found, line)
        except UNREADABLE as error:
            raise Unreadable(line, f"no record of EPIC: {error!r}") from error
    if not nameless:
        return
    if source.handle is None:
        raise Unreadable(first, "the record does not name its handle: give it with --handle")
    try:
        yield _record(source.handle, nameless, first)
    except UNREADABLE as error:
        raise Unreadable(first, f"no record of EPIC: {error!r}") from error


def _records(found: dict[str, Any], line: int) -> Iterator[Record]:
    if isinstance(found.get("values"), list):
        yield _record(found["handle"], found["values"], line)
        return
    for handle, values in found.items():
        yield _record(handle, values, line)


def _record(handle: str, values: list[Any], line: int) -> Record:
    taken = {int(each["idx"]) for each in values if "idx" in each}
    free = iter(index for index in range(1, len(values) + len(taken) + 1) if index not in taken)
    made = [_value(each, int(each["idx"]) if "idx" in each else next(free)) for each in values]
    return Record(handle, tuple(made), line)


def _value(found: dict[str, Any], index: int) -> HandleValue:
    absolute = bool(found.get("ttl_type", 0))
    ttl = found.get("ttl", TTL_DEFAULT_SECONDS)
    return HandleValue(
        index=index,
        type=found["type"],
        data=_data(found),
        ttl=seconds_of(ttl) if isinstance(ttl, str) else int(ttl),
        ttl_type=int(absolute),
        permissions=_permissions(found.get("privs")),
        references=tuple([_reference(each) for each in found.get("refs") or ()]),
    )


def _data(found: dict[str, Any]) -> bytes:
    """Return the bytes of a value: its text, or what `data` holds in base64 for what is no text."""
    parsed = found.get("parsed_data")
    if isinstance(parsed, str):
        return parsed.encode()
    if "data" in found:
        return b64decode(found["data"], validate=False)
    if found["type"] == "HS_VLIST":
        members = [Member(each["handle"].encode(), int(each["idx"])) for each in parsed or ()]
        return encode_vlist(members)
    if isinstance(parsed, dict):
        rights = sum(_RIGHTS[name] for name, granted in parsed["perms"].items() if granted)
        return encode_admin(
            AdminValue(rights, parsed["adminId"].encode(), int(parsed["adminIdIndex"]))
        )
    return str(parsed).encode()


def _permissions(privs: str | None) -> int:
    if privs is None:
        return PERMISSIONS_DEFAULT
    return sum(bit for bit, mark in zip(_PRIVS, privs, strict=True) if mark != "-")


def _reference(found: dict[str, Any]) -> Reference:
    return Reference(found["handle"], int(found["idx"]))


EPIC = Format("epic", "records of EPIC API v2", _recognises, items_of(_read))
