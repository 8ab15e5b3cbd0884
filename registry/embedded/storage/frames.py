"""Encoded records on their way into the log: what can be told of them without decoding."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from idnode.registry.embedded.storage.record import CONTINUES

FLAGS_AT: Final = 17
"""Where the flags stand in a record."""


class Extent(NamedTuple):
    """Records that lie one behind the other in one segment."""

    place: int
    """Place of the first one."""
    bytes: int


def sequence_of(record: bytes | memoryview) -> int:
    """Return the sequence of an encoded record."""
    return int.from_bytes(record[8:16], "little")


def size_at(frame: memoryview, at: int) -> int:
    """Return the bytes, padding included, of the record that begins here."""
    return (int.from_bytes(frame[at + 4 : at + 8], "little") + 7) & ~7


def groups_of(records: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Part records into their groups."""
    group: list[bytes] = []
    for record in records:
        group.append(record)
        if not record[FLAGS_AT] & CONTINUES:
            yield group
            group = []


def fitting(frame: memoryview, start: int, room: int) -> tuple[int, int]:
    """Return the end of the last record from ``start`` on that lies within ``room`` bytes, and its sequence.

    Without any the end is the start, and the sequence means nothing.
    """
    end = start
    sequence = 0
    while end < len(frame) and end + size_at(frame, end) - start <= room:
        sequence = sequence_of(frame[end : end + 16])
        end += size_at(frame, end)
    return end, sequence
