"""The end of the last segment: telling a torn tail from damage.

A write that a crash cut short leaves a *torn tail*: bytes in the last segment that are no valid record,
and behind them nothing that could only be written after they were synced. Proof of such a later write is
a valid record flagged FIRST. Everything else that is wrong is damage.
"""

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from idnode.registry.embedded.storage.holes import runs
from idnode.registry.embedded.storage.position import Cut
from idnode.registry.embedded.storage.record import (
    DELETE,
    FIRST,
    LENGTH_MAX,
    PUT,
    SIZE_MIN,
    decode,
    place_of,
)
from idnode.registry.embedded.storage.walk import Walk
from idnode.registry.errors import LogDamaged
from idnode.registry.handle.limits import HANDLE_BYTES_MAX

_CHUNK_BYTES: Final = 1 << 18

_SIGN: Final = 0xFFFF_FFFF | 0xFF << 32 | FIRST << 40 | 0xE0 << 56
"""Bits of the eight bytes from offset 12 of a record that tell a possible commit's first record: the
upper half of its sequence, its kind, the flag, and a handle length under 8192."""
assert HANDLE_BYTES_MAX < 8192


class Tail(NamedTuple):
    """Holds what lies behind the last whole group of the last segment."""

    end: int
    """Behind the last byte that is not zero; the start if there is none."""
    later: int | None
    """Offset of a valid record of a later commit, if there is one."""


def examine_tail(path: Path, length: int, start: int, *, expected: int) -> Tail:
    """Look at what lies from ``start`` on, where the record of sequence ``expected`` should be.

    A later commit's record must be valid, flagged FIRST, lie at a multiple of 8 behind ``start`` and carry
    a sequence that the bytes between leave room for. Holes and zeros are skipped, not searched; all is read
    by descriptor, since behind the written part of a file a mapping is not to be touched (`holes.py`).
    """
    end = start
    with path.open("rb", buffering=0) as file:
        descriptor = file.fileno()
        for run_start, run_end in runs(path, start, length):
            for at in range(run_start, run_end, _CHUNK_BYTES):
                chunk = os.pread(descriptor, min(_CHUNK_BYTES + SIZE_MIN, length - at), at)
                if chunk.count(0) == len(chunk):
                    continue
                end = max(end, at + len(chunk.rstrip(b"\0")))
                search = _Search(descriptor, length, start, expected)
                later = search.later_commit(chunk, at)
                if later is not None:
                    return Tail(end, later)
    return Tail(end, None)


class _Search(NamedTuple):
    """A search for a later commit in the tail of a file."""

    descriptor: int
    length: int
    start: int
    expected: int

    def later_commit(self, chunk: bytes, chunk_at: int) -> int | None:
        """Return the offset of the first later commit that begins in this piece of the tail."""
        room = (self.length - self.start) // SIZE_MIN
        # The sequence's upper half is one of two.
        highs = {(self.expected + more) >> 32 for more in (1, room)}
        wanted = {high | kind << 32 | FIRST << 40 for high in highs for kind in (PUT, DELETE)}
        words = struct.unpack_from(f"<{max(len(chunk) - 4, 0) // 8}Q", chunk, min(4, len(chunk)))
        for at in [chunk_at + 8 * i - 8 for i, word in enumerate(words) if word & _SIGN in wanted]:
            if at > self.start and self._is_record(at):
                return at
        return None

    def _is_record(self, at: int) -> bool:
        data = os.pread(self.descriptor, min(LENGTH_MAX + 8, self.length - at), at)
        sequence = int.from_bytes(data[8:16], "little")
        highest = self.expected + (at - self.start) // SIZE_MIN
        if not self.expected < sequence <= highest:
            return False
        with suppress(LogDamaged):
            decode(data, 0, place=0)
            return True
        return False


def judge_tail(path: Path, walk: Walk) -> Cut | None:
    """Return what must be cut off behind a walk through the last segment; None if it ends cleanly.

    Raises:
        LogDamaged: What lies there is no torn tail.

    """
    if not walk.tearable:
        raise walk.damage()
    tail = examine_tail(path, len(walk.data), walk.stopped, expected=walk.expected)
    reason = walk.problem or "zeros, and then something else"
    if tail.later is not None:
        raise walk.damage(f"{reason}; a later commit lies at offset {tail.later}")
    torn = max(tail.end, walk.stopped) - walk.offset
    place = place_of(walk.number, walk.offset)
    return Cut(torn, place, reason, walk.number, walk.offset) if torn else None
