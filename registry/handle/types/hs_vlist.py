"""Data of HS_VLIST values: a group, as a list of key values (handle-protocol.md §3.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from idnode.registry.handle.printing import reference_text
from idnode.registry.handle.types.json_reading import (
    bytes_of,
    integer_of,
    list_of,
    member,
    object_of,
)
from idnode.registry.handle.types.value_type import JsonForm, ValueType
from idnode.registry.handle.wire.cursor import Reader, Writer

_MEMBER_BYTES_MIN: Final = 8


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the group: a key value, or a further group."""

    handle: bytes
    index: int


def decode_vlist(data: bytes) -> tuple[Member, ...]:
    """Return the members in an HS_VLIST value; bytes behind the list are ignored.

    Raises:
        FieldTooShort: A field reaches past the end.
        CountTooLarge: A count is larger than what could follow it.
        InvalidHandle: A handle is longer than 4096 bytes.

    """
    reader = Reader(data)
    count = reader.count(_MEMBER_BYTES_MIN)
    return tuple([Member(reader.handle(), reader.i4()) for _ in range(count)])


def encode_vlist(members: Iterable[Member]) -> bytes:
    """Return the data of an HS_VLIST value with these members.

    Raises:
        EncodingError: An index does not fit into 32 bits.

    """
    listed = list(members)
    writer = Writer().u4(len(listed))
    for each in listed:
        writer.string(each.handle).i4(each.index)
    return writer.done()


def _json(members: tuple[Member, ...]) -> list[dict[str, Any]]:
    return [{"handle": each.handle.decode(), "index": each.index} for each in members]


def _from_json(found: Any) -> tuple[Member, ...]:
    return tuple([_member_from_json(each) for each in list_of(found)])


def _member_from_json(found: Any) -> Member:
    each = object_of(found)
    return Member(bytes_of(member(each, "handle")), integer_of(member(each, "index", "getAsInt")))


def _text(members: tuple[Member, ...]) -> str:
    shown = [reference_text(each.handle, each.index) for each in members]
    return ", ".join(shown) or "(no members)"


TYPE: Final = ValueType(
    "HS_VLIST", decode_vlist, encode_vlist, _text, JsonForm("vlist", _json, _from_json)
)
"""The row of HS_VLIST."""
