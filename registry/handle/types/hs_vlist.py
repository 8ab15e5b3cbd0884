"""Data of HS_VLIST values: a group, as a list of key values (handle-protocol.md §3.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

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
        InvalidHandle: A handle is longer than 2048 bytes.

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
    for member in listed:
        writer.string(member.handle).i4(member.index)
    return writer.done()
