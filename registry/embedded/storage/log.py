"""The append-only log: records go in at its end and are read by place.

Blocking. One thread writes (`append`, `sync`, `rotate`, `drop`); `read` may be called from any thread and
does no I/O call: it slices a mapping and verifies the checksum. How segments come and go without a crash
being able to hurt is told in `registry/embedded/storage/chain.py`, what a crash may leave at the end in
`registry/embedded/storage/tail.py`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Final

from idnode.registry.embedded.limits import PLACE_UNIT, SEGMENT_SPAN_BYTES, SEGMENTS_MAX
from idnode.registry.embedded.storage import mapping
from idnode.registry.embedded.storage.chain import Chain, Shown
from idnode.registry.embedded.storage.disk import DISK, Disk
from idnode.registry.embedded.storage.frames import FLAGS_AT, Extent, groups_of, sequence_of
from idnode.registry.embedded.storage.holes import written_end
from idnode.registry.embedded.storage.manifest import Manifest, SegmentEntry
from idnode.registry.embedded.storage.position import Cut, LogView, Mark, SegmentInfo
from idnode.registry.embedded.storage.record import CONTINUES, SPAN_PLACES, Record, decode, place_of
from idnode.registry.embedded.storage.segment import HEADER_BYTES
from idnode.registry.embedded.storage.shortage import is_shortage
from idnode.registry.embedded.storage.tail import examine_tail, judge_tail
from idnode.registry.embedded.storage.walk import (
    Progress,
    Walk,
    reporting,
    whole_records,
)
from idnode.registry.errors import LogDamaged, RegisterClosed
from idnode.registry.handle.errors import RecordTooLarge

__all__ = ["Cut", "Log", "LogView", "Mark", "SegmentInfo"]

_SHIFT: Final = SPAN_PLACES.bit_length() - 1
_OFFSET_MASK: Final = SPAN_PLACES - 1
assert SPAN_PLACES == 1 << _SHIFT


class Log:
    """One register's log. Made by `open`, then positioned by exhausting `scan`, or by `resume`."""

    def __init__(self, chain: Chain) -> None:
        self.cut: Cut | None = None
        """The torn tail that `scan` cut off, if there was one."""
        self._chain = chain
        self._maps = chain.maps  # one attribute less on the way of every resolution
        self._failure: OSError | None = None
        self._closed = False
        self._claimed: Mark | None = None
        self._dirty = True  # what a killed process wrote may be in the system's cache only

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_SPAN_BYTES,
        disk: Disk = DISK,
        shown: Shown | None = None,
    ) -> "Log":
        """Return the log of this folder; on first use an empty one is made.

        A segment is closed before it outgrows ``segment_bytes``; one group larger than that gets a
        segment of its own size.

        Raises:
            LogDamaged: Manifest, files and segment headers do not agree.
            OSError: The disk refused.

        """
        assert HEADER_BYTES < segment_bytes <= SEGMENT_SPAN_BYTES
        assert segment_bytes % PLACE_UNIT == 0
        return cls(Chain(folder, segment_bytes=segment_bytes, disk=disk, shown=shown))

    @property
    def folder(self) -> Path:
        """Return where the log lies."""
        return self._chain.folder

    @property
    def register(self) -> bytes:
        """Id of the register that this log belongs to: 16 random bytes, drawn on first use."""
        return self._chain.manifest.register

    @property
    def closed(self) -> bool:
        """Return whether the files were given back."""
        return self._closed

    @property
    def manifest(self) -> Manifest:
        """Return which segments there are, the last of them active."""
        return self._chain.manifest

    # Positioning

    def scan(self, after: Mark | None = None, progress: Progress | None = None) -> Iterator[Record]:
        """Yield every record behind the mark (default: all), in the order in which they were written.

        A torn tail and an unfinished group at the end are cut off and told in ``cut``. Once exhausted,
        the log takes records. On a positioned log it yields what was appended up to now.

        Raises:
            LogDamaged: The log does not go on as it must, or the mark is none of this log.
            OSError: The tail could not be cut.

        """
        chain = self._chain
        if after is not None:
            self._chain.check_mark(after)
        live = chain.manifest.segments
        entries = [entry for entry in live if after is None or entry.number >= after.segment]
        end = chain.end.offset if chain.end else written_end(chain.path(chain.active.number))
        done = -after.offset if after else 0
        total = done + sum(entry.bytes or 0 for entry in entries) + end
        for entry in entries:
            walk = self._walk(entry, after)
            last_unread = not entry.sealed and chain.end is None
            records = iter(walk) if last_unread else whole_records(walk, last=entry.last)
            yield from reporting(records, progress, before=done, total=total)
            done += entry.bytes or 0
            if last_unread:
                self._finish(walk)
        if progress is not None:
            progress(total, total)

    def resume(self, mark: Mark) -> None:
        """Position the log at the end that was marked when it was closed, without reading it all.

        When this raises, a `scan` may follow, for the log may have gone on behind the mark; but it cuts
        nothing off before the mark.

        Raises:
            LogDamaged: The log does not end there with the marked sequence; nothing is forgiven.
            OSError: The file could not be extended.

        """
        self.expect(mark)
        self._chain.check_mark(mark)
        chain = self._chain
        entry = chain.manifest.active
        if mark.segment != entry.number:
            raise LogDamaged("the segment follows the marked end", segment=entry.number)
        expected = mark.sequence + 1
        length = len(chain.data(entry))
        tail = examine_tail(chain.path(entry.number), length, mark.offset, expected=expected)
        if tail.end > mark.offset:
            reason = f"{tail.end - mark.offset} bytes follow the marked end"
            raise LogDamaged(reason, segment=mark.segment, offset=mark.offset)
        chain.flush(mark)

    def expect(self, mark: Mark) -> None:
        """Have a `scan` cut nothing off before this end, which was marked when the log was closed."""
        self._claimed = mark

    def mark(self) -> Mark:
        """Return the end of what was appended, synced or not."""
        assert self._chain.end is not None, "the log is not positioned yet"
        return self._chain.end

    def _walk(self, entry: SegmentEntry, after: Mark | None = None) -> Walk:
        start, sequence = HEADER_BYTES, entry.first - 1
        if after is not None and after.segment == entry.number:
            start, sequence = after.offset, after.sequence
        data = self._chain.data(entry)
        mark = self._chain.end
        if entry.bytes is not None:
            end = entry.bytes
        else:
            end = written_end(self._chain.path(entry.number)) if mark is None else mark.offset
        return Walk(data, entry.number, start=start, end=end, sequence=sequence)

    def _finish(self, walk: Walk) -> None:
        """Decide what lies behind the last whole group of the log, and position the log there."""
        cut = judge_tail(self._chain.path(walk.number), walk)
        claimed = self._claimed
        if claimed is not None and walk.sequence < claimed.sequence:
            reason = walk.problem or "zeros where a record must lie"
            raise walk.damage(f"{reason}; the log was closed at sequence {claimed.sequence}")
        if cut is not None:
            self._chain.active.cut(cut.offset)
        self.cut = cut
        self._chain.flush(Mark(walk.number, walk.offset, walk.sequence))

    # Writing

    def append(self, records: Sequence[bytes], *, whole: bool = False) -> list[int]:
        """Write encoded records behind the last one; returns their places. Not durable before `sync`.

        Sequences must go on without a gap. A group (CONTINUES) must be in one call, and the end of a
        segment never parts it; with ``whole`` that holds for the entire call.

        Raises:
            RecordTooLarge: A group is larger than a segment can be; nothing was written.
            OSError: The disk refused. After a shortage (`shortage.py`) the log goes on, and of a whole call
                nothing was written; after anything else it takes no more, and what reached the disk
                may yet be found when it is opened again.
            RegisterClosed: The log failed before, or is closed.

        """
        mark = self._writable()
        if not records:
            return []
        assert sequence_of(records[0]) == mark.sequence + 1, "sequences must be consecutive"
        assert not records[-1][FLAGS_AT] & CONTINUES, "a group must be whole"
        if mark.offset + sum(map(len, records)) <= self._chain.active.capacity:
            return self._write(mark, records)
        return self._append_over(records, whole=whole)

    def _append_over(self, records: Sequence[bytes], *, whole: bool) -> list[int]:
        groups = [records] if whole else list(groups_of(records))
        largest = max(sum(map(len, group)) for group in groups)
        if largest > SEGMENT_SPAN_BYTES - HEADER_BYTES:
            raise RecordTooLarge(f"A group of {largest} bytes does not fit into a segment")
        places: list[int] = []
        fitting: list[bytes] = []
        room = self._chain.active.capacity - self.mark().offset
        for group in groups:
            size = sum(map(len, group))
            if size > room:
                if fitting:
                    places += self._write(self.mark(), fitting)
                    fitting = []
                room = self._make_room(size)
            fitting += group
            room -= size
        return places + self._write(self.mark(), fitting)

    def _make_room(self, size: int) -> int:
        mark = self.mark()
        capacity = max(self._chain.segment_bytes, HEADER_BYTES + size)
        with self._poisoning():
            if mark.offset == HEADER_BYTES:
                self._chain.reserve(capacity)
            else:
                self._chain.rotate(mark, capacity)
        return self._chain.active.capacity - HEADER_BYTES

    def _write(self, mark: Mark, records: Sequence[bytes]) -> list[int]:
        self._dirty = True
        with self._poisoning():
            self._chain.active.write(b"".join(records), mark.offset)
        ends = list(accumulate(map(len, records), initial=mark.offset))
        self._chain.end = Mark(mark.segment, ends.pop(), sequence_of(records[-1]))
        base = place_of(mark.segment, 0)
        return [base + at // PLACE_UNIT for at in ends]

    def append_framed(self, frames: Sequence[memoryview], *, last: int) -> list[Extent]:
        """Write records that lie encoded in buffers, all into one segment; returns where each buffer lies.

        ``last`` is the sequence of the last record.

        Raises:
            RecordTooLarge, OSError, RegisterClosed: As for `append`.

        """
        mark = self._writable()
        size = sum(map(len, frames))
        if mark.offset + size > self._chain.active.capacity:
            if size > SEGMENT_SPAN_BYTES - HEADER_BYTES:
                raise RecordTooLarge(f"A group of {size} bytes does not fit into a segment")
            self._make_room(size)
            mark = self.mark()
        self._dirty = True
        at = mark.offset
        extents: list[Extent] = []
        with self._poisoning():
            for frame in frames:
                self._chain.active.write(frame, at, undo_from=mark.offset)
                extents.append(Extent(place_of(mark.segment, at), len(frame)))
                at += len(frame)
        self._chain.end = Mark(mark.segment, at, last)
        return extents

    def sync(self) -> None:
        """Return once everything appended is on the disk.

        Raises:
            OSError: It may not be. The log takes no more: a second attempt could report success for
                pages that the system has given up.
            RegisterClosed: The log failed before, or is closed.

        """
        self._writable()
        if self._dirty:
            with self._poisoning():
                self._chain.active.sync()
            self._dirty = False

    def rotate(self) -> None:
        """Seal the active segment and start the next; nothing happens while it is empty.

        Raises:
            OSError: The disk refused; after anything but a shortage the log takes no more.
            RegisterClosed: The log failed before, or is closed.

        """
        mark = self._writable()
        if mark.offset > HEADER_BYTES:
            with self._poisoning():
                self._chain.rotate(mark, self._chain.segment_bytes)

    def drop(self, number: int) -> None:
        """Give up a sealed segment, after a sync; places in it can be read until `release`, `close` or the next.

        Raises:
            ValueError: There is no sealed segment of this number.
            OSError: The disk refused; after anything but a shortage the log takes no more.
            RegisterClosed: The log failed before, or is closed.

        """
        self.sync()
        with self._poisoning():
            self._chain.drop(number)

    def turn_back(self, kept: Sequence[SegmentEntry], source: Path) -> list[int]:
        """Have what was kept (`kept.py`), and drop the rest as `drop` does; returns as `Chain.turn_back`."""
        with self._poisoning():
            return self._chain.turn_back(kept, source, self._writable())

    def release(self) -> None:
        """Let go of dropped segments, which frees their bytes on the disk."""
        self._chain.release()

    def close(self) -> None:
        """Give the files back. Does not sync: call `sync` before."""
        if not self._closed:
            self._closed = True
            self._chain.close()

    def _writable(self) -> Mark:
        if self._closed:
            raise RegisterClosed("the log is closed")
        if self._failure is not None:
            raise RegisterClosed(f"the log failed: {self._failure}") from self._failure
        return self.mark()

    @contextmanager
    def _poisoning(self) -> Iterator[None]:
        """Note what ends all writing: every error of the disk but a shortage, which left no trace."""
        try:
            yield
        except OSError as error:
            if not is_shortage(error):
                self._failure = error
            raise

    # Reading

    def read(self, place: int) -> Record:
        """Return the verified record at this place. Callable from any thread; does no I/O call.

        Raises:
            LogDamaged: No whole, unaltered record lies there.

        """
        try:
            data = self._maps[place >> _SHIFT]
        except KeyError:
            raise LogDamaged(f"no segment of the log has place {place}") from None
        return decode(data, (place & _OFFSET_MASK) * PLACE_UNIT, place=place)

    def records_of(self, number: int) -> Iterator[Record]:
        """Return every record of one live segment, as far as it is written now.

        Raises:
            LogDamaged: The segment is not in the log, or (while iterating) a record is damaged.

        """
        entry = self._chain.manifest.entry(number)
        if entry is None:
            raise LogDamaged("the segment is not in the log", segment=number)
        return whole_records(self._walk(entry), last=entry.last)

    def read_ahead(self, number: int, at: int) -> int:
        """Have the disk read a live segment from an offset on; see `mapping.read_ahead`."""
        return mapping.read_ahead(self._chain.maps[number % SEGMENTS_MAX], at)

    def segments(self) -> list[SegmentInfo]:
        """Return the live segments, ascending; the last one is active."""
        mark, manifest, _data = self.view()
        return [
            SegmentInfo(
                entry.number,
                entry.bytes or mark.offset,
                entry.sealed,
                entry.first,
                mark.sequence if entry.last is None else entry.last,
            )
            for entry in manifest.segments
        ]

    def view(self) -> LogView:
        """Return the log as it is now, for a reader that takes its time. Callable from any thread."""
        return self._chain.view()
