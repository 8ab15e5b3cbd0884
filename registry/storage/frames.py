"""Records that lie encoded one behind the other in one buffer, on their way into the log."""

from typing import NamedTuple


class Stretch(NamedTuple):
    """Records that lie one behind the other in one segment."""

    place: int
    """Place of the first one."""
    bytes: int


def fitting(frame: memoryview, start: int, room: int) -> tuple[int, int]:
    """Return the end of the last record from ``start`` on that lies within ``room`` bytes, and its sequence.

    Without any the end is the start.
    """
    at = end = start
    sequence = 0
    while end - start <= room:
        if end > at:
            sequence = int.from_bytes(frame[at + 8 : at + 16], "little")
            at = end
        if at == len(frame):
            break
        end = at + size_at(frame, at)
    return at, sequence


def size_at(frame: memoryview, at: int) -> int:
    """Return the bytes, padding included, of the record that begins here."""
    return (int.from_bytes(frame[at + 4 : at + 8], "little") + 7) & ~7
