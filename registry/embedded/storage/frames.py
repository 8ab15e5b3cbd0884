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


def sequence_of(record: bytes) -> int:
    """Return the sequence of an encoded record."""
    return int.from_bytes(record[8:16], "little")


def groups_of(records: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Part records into their groups."""
    group: list[bytes] = []
    for record in records:
        group.append(record)
        if not record[FLAGS_AT] & CONTINUES:
            yield group
            group = []
