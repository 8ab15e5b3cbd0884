"""Reading the records of one segment in order, each verified, by whole groups."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from idnode.registry.embedded.storage.mapping import read_ahead
from idnode.registry.embedded.storage.record import (
    CONTINUES,
    FIRST,
    HEADER_BYTES,
    LENGTH_MAX,
    Bytes,
    Record,
    decode,
    place_of,
)
from idnode.registry.errors import LogDamaged

_WHOLE_BYTES_MAX: Final = LENGTH_MAX + 8
"""Most bytes that a record takes on the disk."""

Progress = Callable[[int, int], None]
"""Called now and then with the bytes done and the bytes in total."""

PROGRESS_BYTES: Final = 8 << 20
"""Bytes between two calls of a `Progress`."""


class Walk:
    """Iterates over the records of one segment, by whole groups.

    A group (records flagged CONTINUES and the one behind them) is yielded once all of it was verified.
    The walk stops at the first bytes that do not go on as they must; nothing is raised. Afterwards:

    * ``offset`` and ``sequence`` are the end of the last whole group and its last sequence;
    * ``stopped`` is where the walk stopped, ``expected`` the sequence that should have come there;
    * ``problem`` says why it stopped, "" at zeros or at the end;
    * ``tearable`` tells whether a write cut short can explain the problem.
    """

    def __init__(self, data: Bytes, number: int, *, start: int, end: int, sequence: int) -> None:
        self.offset = self.stopped = start
        self.sequence = sequence
        self.expected = sequence + 1
        self.problem = ""
        self.tearable = True
        self.data = data
        self.number = number
        self.end = end

    def __iter__(self) -> Iterator[Record]:
        data, end, at = self.data, self.end, self.offset
        ahead = at
        base = place_of(self.number, 0)
        expected = self.expected
        group: list[Record] = []
        while at < end:
            if at >= ahead:
                ahead = read_ahead(data, at)
            try:
                if end - at < _WHOLE_BYTES_MAX:
                    _insist_on_room(data, at, end)  # behind the end nothing is to be touched
                record = decode(data, at, place=base + (at >> 3))
            except LogDamaged as error:
                # Zeros are where nothing was written yet: the end, and nothing wrong.
                if any(data[at : min(at + HEADER_BYTES, end)]):
                    self._stop(error.reason)
                break
            # Writes follow each other, so a whole record out of turn is no torn write: it is damage.
            if record.sequence != expected:
                self._stop(f"sequence {record.sequence} instead of {expected}", tearable=False)
                break
            if group and record.flags & FIRST:
                self._stop("a commit begins inside an unfinished group", tearable=False)
                break
            at += record.size
            expected += 1
            # A group counts from its last record on, for until then a crash may have cut it.
            if record.flags & CONTINUES:
                group.append(record)
                continue
            if group:
                group.append(record)
                yield from self._finish(group)
                group.clear()
                continue
            self.offset = at
            self.sequence = record.sequence
            yield record
        self.stopped = at
        self.expected = expected
        if group and not self.problem:
            self.problem = f"a group of {len(group)} records is unfinished"

    def _stop(self, reason: str, *, tearable: bool = True) -> None:
        self.problem = reason
        self.tearable = tearable

    def _finish(self, group: list[Record]) -> Iterator[Record]:
        self.offset += sum(record.size for record in group)
        self.sequence = group[-1].sequence
        yield from group

    def damage(self, reason: str = "") -> LogDamaged:
        """Return the error that names where the walk stopped and why."""
        return LogDamaged(reason or self.problem, segment=self.number, offset=self.stopped)


def _insist_on_room(data: Bytes, at: int, end: int) -> None:
    room = end - at
    if room < HEADER_BYTES:
        raise LogDamaged("the record's header reaches past the end")
    length = int.from_bytes(data[at + 4 : at + 8], "little")
    if room < length <= LENGTH_MAX:
        raise LogDamaged(f"a record of {length} bytes does not lie here whole")


def whole_records(walk: Walk, *, last: int | None = None) -> Iterator[Record]:
    """Yield the records up to an end that is known, as may be the last sequence.

    Raises:
        LogDamaged: Something is wrong before that end; nothing is forgiven.

    """
    yield from walk
    if walk.problem:
        raise walk.damage()
    if walk.stopped != walk.end:
        raise walk.damage("zeros where a record must lie")
    if last is not None and walk.sequence != last:
        raise walk.damage(f"the last sequence is {walk.sequence}, the manifest says {last}")


def record_ends_at(data: Bytes, offset: int, *, start: int, sequence: int) -> bool:
    """Return whether a valid record of this sequence ends at this offset and begins at ``start`` or later."""
    needle = sequence.to_bytes(8, "little")
    lowest = max(start, offset - LENGTH_MAX - 8)
    before = data[lowest:offset]  # a copy: behind the offset nothing is to be touched
    found = before.rfind(needle)
    while found >= 0:
        at = found - 8
        if at >= 0 and not (lowest + at) & 7:
            with suppress(LogDamaged):
                record = decode(before, at, place=0)
                if record.sequence == sequence and at + record.size == len(before):
                    return True
        found = before.rfind(needle, 0, found + 7)
    return False


def reporting(
    records: Iterator[Record], progress: Progress | None, *, before: int, total: int
) -> Iterator[Record]:
    """Yield the records, and tell ``progress`` now and then, counting from ``before``."""
    if progress is None:
        yield from records
        return
    due = 0
    done = 0
    for record in records:
        done += record.size
        if done >= due:
            progress(min(before + done, total), total)
            due = done + PROGRESS_BYTES
        yield record
