"""The live segments in their order: manifest, mappings, and the changes to both that survive a crash.

Order of a rotation, such that a crash between two steps loses nothing and leaves nothing ambiguous:

1. The active segment is synced, so that records of the next one prove it whole.
2. The next segment is made under its own name (header, hole) and synced, then the folder. A crash here: a
   blank segment that no manifest names, taken away when opened.
3. The manifest is replaced: the old segment sealed with length and last sequence, the next one active.
4. The old segment's file is cut to its length. A crash before: it is cut when opened, for nothing but zeros
   can lie behind its end. Cut earlier, a file that somebody else cut could not be told from it.
5. Only then records go into the next segment.

Up to the new manifest a shortage (`shortage.py`) undoes the rotation, as if nobody had asked for it.

Order of a drop: everything appended was synced (it may hold the copies), the manifest is replaced (it keeps
the number as being dropped), the file is unlinked, the folder synced. A crash in between: the file is
unlinked when opened.

Order of a return to an earlier state: segments of it that were dropped are linked under their names again (a
manifest names them as being dropped), the next active segment is made, the manifest is replaced, which is when it
happens: it has the state's segments and the fresh one, and names all others as being dropped. They are unlinked
then. A crash before or after leaves the one or the other, and files that are unlinked when opened.
"""

import errno
import os
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from mmap import mmap
from pathlib import Path
from threading import Lock
from typing import Final

from idnode.registry.embedded.limits import SEGMENTS_MAX
from idnode.registry.embedded.storage import manifest as manifests
from idnode.registry.embedded.storage.active import ActiveSegment
from idnode.registry.embedded.storage.disk import Disk, sync_folder
from idnode.registry.embedded.storage.folder import establish, leftovers, segment_path, uncut
from idnode.registry.embedded.storage.manifest import Manifest, SegmentEntry
from idnode.registry.embedded.storage.position import LogView, Mark
from idnode.registry.embedded.storage.segment import HEADER_BYTES, check_header, create, map_segment
from idnode.registry.embedded.storage.shortage import is_shortage
from idnode.registry.embedded.storage.walk import record_ends_at
from idnode.registry.errors import LogDamaged

Shown = Callable[[int, mmap | None], None]
"""Told under which part of a place a segment is mapped from now on, and ``None`` once it is no more."""


class Chain:
    """The segments of one log. One thread changes them; any thread may look.

    Every method that changes files may raise `OSError`. After a shortage nothing has changed; after anything
    else nothing here may be trusted to agree with the disk.
    """

    def __init__(
        self, folder: Path, *, segment_bytes: int, disk: Disk, shown: Shown | None = None
    ) -> None:
        """Open the folder; an empty log is made on first use.

        Raises:
            LogDamaged: Manifest, files and headers do not agree.
            OSError: The disk refused.

        """
        folder.mkdir(parents=True, exist_ok=True)
        manifest = manifests.load(folder) or establish(disk, folder, segment_bytes)
        for leftover in leftovers(folder, manifest):
            disk.unlink(leftover)
        if (late := uncut(folder, manifest)) is not None:
            _cut(disk, *late)
        self.folder: Final = folder
        self.segment_bytes: Final = segment_bytes
        self.disk: Final = disk
        self.maps: Final[dict[int, mmap]] = {}
        """Mapping of each segment by its number modulo `SEGMENTS_MAX`, which is how places name it."""
        self.manifest = manifest
        self.end: Mark | None = None
        """Where the next record goes; None until that is known."""
        self._shown = shown
        self._retired: list[int] = []
        self._shape = Lock()  # held while manifest, mappings and end change together; never for I/O
        for entry in manifest.segments:
            data = map_segment(self.path(entry.number), entry.number)
            check_header(data, manifest.header(entry))
            self.maps[entry.number % SEGMENTS_MAX] = data
            self._tell(entry.number)
        active = manifest.active.number
        self.active = ActiveSegment(disk, self.path(active), active)

    def path(self, number: int) -> Path:
        """Return where a segment's file lies."""
        return segment_path(self.folder, number)

    def data(self, entry: SegmentEntry) -> mmap:
        """Return the mapping of a live segment."""
        return self.maps[entry.number % SEGMENTS_MAX]

    def check_mark(self, mark: Mark) -> None:
        """Insist that a record of the mark's sequence ends there.

        Raises:
            LogDamaged: None does, or the mark is none of this log.

        """
        entry = self.manifest.entry(mark.segment)
        if entry is None:
            raise LogDamaged("the marked segment is not in the log", segment=mark.segment)
        data = self.data(entry)
        if mark.offset == HEADER_BYTES:
            right = mark.sequence == entry.first - 1
        else:
            right = mark.offset <= len(data) and record_ends_at(
                data, mark.offset, start=HEADER_BYTES, sequence=mark.sequence
            )
        if not right:
            reason = f"no record of sequence {mark.sequence} ends at the mark"
            raise LogDamaged(reason, segment=mark.segment, offset=mark.offset)

    def _tell(self, number: int) -> None:
        """Tell how a segment is mapped now, after `maps` was changed."""
        if self._shown is not None:
            slot = number % SEGMENTS_MAX
            self._shown(slot, self.maps.get(slot))

    def flush(self, end: Mark) -> None:
        """Make the active segment ready for records behind this end."""
        self.disk.unlink(
            self.folder / manifests.SUMS_NAME
        )  # a snapshot that goes on is none any more
        self._extend(self.segment_bytes)
        try:
            self._note_capacity()
        except OSError as error:
            if not is_shortage(error):  # a full disk is to be read from, and knows a length already
                raise
        self.end = end

    def reserve(self, capacity: int) -> None:
        """Make the active segment hold at least this many bytes."""
        self._extend(capacity)
        self._note_capacity()

    def _extend(self, capacity: int) -> None:
        self.maps[self.active.number % SEGMENTS_MAX] = self.active.reserve(capacity)
        self._tell(self.active.number)

    def _note_capacity(self) -> None:
        entry = self.manifest.active
        if entry.capacity != self.active.capacity:
            noted = entry._replace(capacity=self.active.capacity)
            entries = (*self.manifest.segments[:-1], noted)
            manifest = Manifest(self.manifest.register, entries, self.manifest.dropping)
            manifests.store(self.disk, self.folder, manifest)
            with self._shape:
                self.manifest = manifest

    def rotate(self, end: Mark, capacity: int) -> None:
        """Seal the active segment at its end and start the next one, of this capacity."""
        old = self.active
        old.sync()
        number = self._next_number()
        entry = SegmentEntry(old.number, self.manifest.active.first, end.offset, end.sequence)
        following = SegmentEntry(number, end.sequence + 1, capacity=capacity)
        manifest = Manifest(
            self.manifest.register, (*self.manifest.segments[:-1], entry, following)
        )
        sealed = old.sealed(end.offset)
        fresh = self._begin(manifest)
        with self._shape:
            self.maps[old.number % SEGMENTS_MAX] = sealed
            self.maps[number % SEGMENTS_MAX] = fresh.data
            self.manifest = manifest
            self.active = fresh
            self.end = Mark(number, HEADER_BYTES, end.sequence)
        self._tell(old.number)
        self._tell(number)
        old.seal(end.offset)

    def _begin(self, manifest: Manifest) -> ActiveSegment:
        """Make the active segment of a manifest and put the manifest in place; a shortage leaves neither."""
        entry = manifest.active
        path = self.path(entry.number)
        assert entry.capacity is not None
        fresh: ActiveSegment | None = None
        try:
            create(self.disk, path, manifest.header(entry), entry.capacity)
            sync_folder(self.disk, self.folder)
            fresh = ActiveSegment(self.disk, path, entry.number)
            manifests.store(self.disk, self.folder, manifest)
        except OSError as error:
            if fresh is not None:
                fresh.close()
            if is_shortage(error):  # after anything else the manifest may name the file already
                with suppress(OSError):
                    self.disk.unlink(path)
            raise
        return fresh

    def _next_number(self, besides: Container[int] = ()) -> int:
        """Return the next number of which the places are free, and not among those ``besides``."""
        number = self.active.number + 1
        for candidate in range(number, number + SEGMENTS_MAX):
            slot = candidate % SEGMENTS_MAX
            if slot not in self.maps and slot not in besides:
                return candidate
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC) + ": all segments are in use")

    def turn_back(self, kept: Sequence[SegmentEntry], source: Path, end: Mark) -> list[int]:
        """Go on behind these sealed segments, and give up all others; see the module for the order.

        ``source`` is a folder that has their files, should they be here no more. What is given up stays mapped
        until `release`, or the next drop. Returns descriptors that hold its bytes: freeing them takes a while, so
        that is up to whoever closes these.
        """
        self.release()
        brought = self._bring_back(kept, source)
        number = self._next_number(brought)
        numbers = {entry.number for entry in kept}
        given_up = [e.number for e in self.manifest.segments if e.number not in numbers]
        following = SegmentEntry(number, end.sequence + 1, capacity=self.segment_bytes)
        manifest = Manifest(self.manifest.register, (*kept, following), tuple(given_up))
        fresh = self._begin(manifest)
        old = self.active
        with self._shape:
            self.maps.update(brought)
            self.maps[number % SEGMENTS_MAX] = fresh.data
            self.manifest = manifest
            self.active = fresh
            self.end = Mark(number, HEADER_BYTES, end.sequence)
            self._retired.extend(given_up)
        for each in (*brought, number):
            self._tell(each)
        old.close()
        held = []
        for given in given_up:
            with suppress(OSError):  # a want of descriptors is no reason to fail now
                held.append(self.disk.open(self.path(given), os.O_RDONLY))
            self.disk.unlink(self.path(given))
        sync_folder(self.disk, self.folder)
        return held

    def _bring_back(self, kept: Sequence[SegmentEntry], source: Path) -> dict[int, mmap]:
        """Link the files of segments that were dropped; returns their mappings by the part that names them."""
        live = {entry.number for entry in self.manifest.segments}
        missing = [entry for entry in kept if entry.number not in live]
        if not missing:
            return {}
        # Named as being dropped, so that a crash leaves nothing that is unaccounted for.
        numbers = tuple(entry.number for entry in missing)
        manifests.store(
            self.disk,
            self.folder,
            Manifest(self.manifest.register, self.manifest.segments, numbers),
        )
        brought = {}
        for entry in missing:
            slot, path = entry.number % SEGMENTS_MAX, self.path(entry.number)
            if slot in self.maps:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC) + ": the place is in use")
            self.disk.unlink(path)
            self.disk.link(segment_path(source, entry.number), path)
            brought[slot] = map_segment(path, entry.number)
            check_header(brought[slot], self.manifest.header(entry))
        return brought

    def drop(self, number: int) -> None:
        """Give up a sealed segment; its mapping stays until `release`, or the next drop."""
        entry = self.manifest.entry(number)
        if entry is None or not entry.sealed:
            raise ValueError(f"segment {number} is not a sealed segment of the log")
        self.release()
        kept = tuple(other for other in self.manifest.segments if other is not entry)
        manifest = Manifest(self.manifest.register, kept, (number,))
        manifests.store(self.disk, self.folder, manifest)
        with self._shape:
            self.manifest = manifest
            self._retired.append(number)
        self.disk.unlink(self.path(number))
        sync_folder(self.disk, self.folder)

    def release(self) -> None:
        """Let go of the mappings of dropped segments, which frees their bytes on the disk."""
        while self._retired:
            number = self._retired.pop()
            del self.maps[number % SEGMENTS_MAX]
            self._tell(number)

    def view(self) -> LogView:
        """Return the log as it is now."""
        with self._shape:
            assert self.end is not None, "the log is not positioned yet"
            data = {entry.number: self.data(entry) for entry in self.manifest.segments}
            return LogView(self.end, self.manifest, data)

    def close(self) -> None:
        """Give the files back; mappings in use elsewhere stay readable."""
        self.active.close()
        slots = list(self.maps)
        self.maps.clear()
        for slot in slots:
            self._tell(slot)


def _cut(disk: Disk, path: Path, length: int) -> None:
    descriptor = disk.open(path, os.O_RDWR)
    try:
        disk.truncate(descriptor, length)
    finally:
        disk.close(descriptor)
