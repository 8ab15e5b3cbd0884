"""The end of the last segment: telling a torn tail from damage.

A write that a crash cut short leaves a *torn tail*: bytes in the last segment that are no valid record,
and behind them nothing that could only be written after they were synced. Proof of such a later write is
a valid record flagged FIRST. Everything else that is wrong is damage.
"""

import errno
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from idnode.registry.embedded.storage.position import Cut
from idnode.registry.embedded.storage.record import (
    DELETE,
    FIRST,
    PUT,
    SIZE_MIN,
    Bytes,
    decode,
    place_of,
)
from idnode.registry.embedded.storage.walk import Walk
from idnode.registry.errors import LogDamaged
from idnode.registry.handle.limits import HANDLE_BYTES_MAX

_CHUNK_BYTES: Final = 1 << 18

_SIGN: Final = 0xFFFF_FFFF | 0xFF << 32 | FIRST << 40 | 0xF0 << 56
"""Bits of the eight bytes from offset 12 of a record that tell a possible commit's first record: the
upper half of its sequence, its kind, the flag, and a handle length under 4096."""
assert HANDLE_BYTES_MAX < 4096


class Tail(NamedTuple):
    """What lies behind the last whole group of the last segment."""

    end: int
    """Behind the last byte that is not zero; the start if there is none."""
    later: int | None
    """Offset of a valid record of a later commit, if there is one."""


def examine_tail(path: Path, data: Bytes, start: int, *, expected: int) -> Tail:
    """Look at what lies from ``start`` on, where the record of sequence ``expected`` should be.

    A later commit's record must be valid, flagged FIRST, lie at a multiple of 8 behind ``start`` and carry
    a sequence that the bytes between leave room for. Holes and zeros are skipped, not searched.
    """
    end = start
    for run_start, run_end in _runs(path, start, len(data)):
        for at in range(run_start, run_end, _CHUNK_BYTES):
            chunk = data[at : min(at + _CHUNK_BYTES + SIZE_MIN, len(data))]
            if chunk.count(0) == len(chunk):
                continue
            end = max(end, at + len(chunk.rstrip(b"\0")))
            later = _later_commit(data, chunk, at, start=start, expected=expected)
            if later is not None:
                return Tail(end, later)
    return Tail(end, None)


def _runs(path: Path, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the extents of the file that are no holes, in whole multiples of 8."""
    if not hasattr(os, "SEEK_DATA"):
        yield start, end
        return
    at = start
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while at < end:
            data_start = max(os.lseek(descriptor, at, os.SEEK_DATA) & ~7, start)
            at = min(os.lseek(descriptor, data_start, os.SEEK_HOLE), end)
            yield data_start, at
    except OSError as error:
        if error.errno != errno.ENXIO:  # which says: nothing but a hole up to the end
            yield at, end
    finally:
        os.close(descriptor)


def _later_commit(
    data: Bytes, chunk: bytes, chunk_at: int, *, start: int, expected: int
) -> int | None:
    """Return the offset of the first later commit that begins in this piece of the tail."""
    room = (len(data) - start) // SIZE_MIN
    highs = {(expected + more) >> 32 for more in (1, room)}  # the sequence's upper half: one or two
    wanted = {high | kind << 32 | FIRST << 40 for high in highs for kind in (PUT, DELETE)}
    words = struct.unpack_from(f"<{max(len(chunk) - 4, 0) // 8}Q", chunk, min(4, len(chunk)))
    for at in [chunk_at + 8 * i - 8 for i, word in enumerate(words) if word & _SIGN in wanted]:
        if at <= start:
            continue
        sequence = int.from_bytes(data[at + 8 : at + 16], "little")
        if not expected < sequence <= expected + (at - start) // SIZE_MIN:
            continue
        with suppress(LogDamaged):
            decode(data, at, place=0)
            return at
    return None


def judge_tail(path: Path, data: Bytes, walk: Walk) -> Cut | None:
    """Return what must be cut off behind a walk through the last segment; None if it ends cleanly.

    Raises:
        LogDamaged: What lies there is no torn tail.

    """
    if not walk.tearable:
        raise walk.damage()
    tail = examine_tail(path, data, walk.stopped, expected=walk.expected)
    reason = walk.problem or "zeros, and then something else"
    if tail.later is not None:
        raise walk.damage(f"{reason}; a later commit lies at offset {tail.later}")
    torn = max(tail.end, walk.stopped) - walk.offset
    place = place_of(walk.number, walk.offset)
    return Cut(torn, place, reason, walk.number, walk.offset) if torn else None


def written_end(path: Path) -> int:
    """Return where the file's last extent that is no hole ends: at or behind its last record."""
    end = 0
    for _run_start, end in _runs(path, 0, path.stat().st_size):  # noqa: B007  # the last one counts
        pass
    return end
