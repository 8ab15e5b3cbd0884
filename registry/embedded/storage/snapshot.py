"""Copies of the log, taken while it is written to.

A snapshot is a folder with the log's segments up to one mark, a manifest, and ``SNAPSHOT.json`` with the
length and SHA-256 of every other file in it. That file is written last: without it, no snapshot. The
register opens a snapshot (or a copy of one) like any log.

Sealed segments never change, so they are given a second name (a hard link) where the file system allows
it, and copied elsewhere. The active one is copied up to the mark.
"""

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterator
from mmap import mmap
from pathlib import Path
from typing import Final, NamedTuple

from idnode.registry.embedded.storage import manifest as manifests
from idnode.registry.embedded.storage.atomic import write_atomically
from idnode.registry.embedded.storage.disk import DISK, Disk, sync_folder, write_all
from idnode.registry.embedded.storage.folder import segment_path
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.manifest import SUMS_NAME, SegmentEntry
from idnode.registry.embedded.storage.mapping import read_ahead
from idnode.registry.embedded.storage.position import LogView, Mark
from idnode.registry.embedded.storage.segment import HEADER_BYTES
from idnode.registry.embedded.storage.walk import Progress, Walk
from idnode.registry.errors import LogDamaged

Verify = Callable[[int, mmap, int, int], tuple[int, int]]
"""Something that does as `intact_end`."""

FORMAT: Final = 1
_CHUNK_BYTES: Final = 4 << 20


class SnapshotReport(NamedTuple):
    """Holds what was copied."""

    mark: Mark
    """Where the snapshot ends."""
    files: int
    bytes: int
    linked: int
    """Files that share their bytes with the log on the disk."""


class FileSum(NamedTuple):
    """Holds what a file of a snapshot must be like."""

    bytes: int
    sha256: str


def intact_end(number: int, data: mmap, end: int, sequence: int) -> tuple[int, int]:
    """Return where the intact records of a segment end, up to ``end``: offset, and the last sequence.

    ``sequence`` is that of the record before the first one.
    """
    walk = Walk(data, number, start=HEADER_BYTES, end=end, sequence=sequence)
    deque(walk, maxlen=0)
    return walk.offset, walk.sequence


def snapshot(
    log: Log,
    target: Path,
    *,
    verify: Verify = intact_end,
    progress: Progress | None = None,
    disk: Disk = DISK,
) -> SnapshotReport:
    """Copy the log as it is now into an empty (or new) folder, durably; what is damaged is not copied.

    Callable from any thread. The writer may go on, rotate, and drop segments meanwhile: a view of the
    log keeps their bytes readable. Every byte is read for its checksum.

    ``verify`` goes through the records of a segment as `intact_end` does, or finds fewer; then that decides.

    Raises:
        FileExistsError: The target is not empty.
        LogDamaged: A record is not what was written. Nothing was copied.
        OSError: The disk refused; the target then has no ``SNAPSHOT.json`` and may be removed.

    """
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise FileExistsError(f"{target} is not empty")
    view = log.view()
    for entry in view.manifest.segments:
        _insist_on_records(view, entry, verify)
    linked = {
        entry.number
        for entry in view.manifest.segments
        if entry.sealed and _linked(disk, log.folder, target, entry.number)
    }
    total = sum(_length(view, entry) for entry in view.manifest.segments)
    done = 0
    sums: dict[str, FileSum] = {}
    for entry in view.manifest.segments:
        path, length = segment_path(target, entry.number), _length(view, entry)
        report = _telling(progress, done, total)
        data = view.data[entry.number]
        if entry.number in linked:
            sums[path.name] = _sum(data, length, report)
        else:
            sums[path.name] = _copy(disk, data, length, path, report)
        done += length
    *sealed, active = view.manifest.segments
    entries = (*sealed, active._replace(capacity=_length(view, active)))
    manifest = manifests.encode(manifests.Manifest(view.manifest.register, entries))
    write_atomically(target / manifests.NAME, manifest, disk=disk)
    sums[manifests.NAME] = FileSum(len(manifest), hashlib.sha256(manifest).hexdigest())
    write_atomically(target / SUMS_NAME, _encode_sums(view.mark, sums), disk=disk)
    sync_folder(disk, target.parent)
    return SnapshotReport(view.mark, len(sums), total + len(manifest), len(linked))


def _insist_on_records(view: LogView, entry: SegmentEntry, verify: Verify) -> None:
    data, end = view.data[entry.number], _length(view, entry)
    last = view.mark.sequence if entry.last is None else entry.last
    facts = (entry.number, data, end, entry.first - 1)
    # One that looks at the log as it is now may miss a segment that was dropped since; the view has it.
    if verify(*facts) != (end, last) and (found := intact_end(*facts)) != (end, last):
        reason = f"records end with sequence {found[1]} instead of {last}"
        raise LogDamaged(reason, segment=entry.number, offset=found[0])


def _length(view: LogView, entry: SegmentEntry) -> int:
    return entry.bytes or view.mark.offset


def _linked(disk: Disk, source: Path, target: Path, number: int) -> bool:
    """Try to give a sealed segment a name in the target; it may be dropped, or on another file system."""
    try:
        disk.link(segment_path(source, number), segment_path(target, number))
    except OSError:
        return False
    return True


def _telling(progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    return lambda done: progress(before + done, total) if progress is not None else None


def _copy(
    disk: Disk, data: mmap, length: int, path: Path, report: Callable[[int], None]
) -> FileSum:
    descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        copied = _sum(
            data, length, report, lambda chunk, at: write_all(disk, descriptor, chunk, at)
        )
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)
    return copied


def _sum(
    data: mmap,
    length: int,
    report: Callable[[int], None],
    each: Callable[[bytes, int], None] | None = None,
) -> FileSum:
    """Sum up the first ``length`` bytes; ``each`` piece is also handed on with its offset."""
    digest = hashlib.sha256()
    ahead = 0
    for at in range(0, length, _CHUNK_BYTES):
        if at >= ahead:
            ahead = read_ahead(data, at)
        chunk = data[at : min(at + _CHUNK_BYTES, length)]
        digest.update(chunk)
        if each is not None:
            each(chunk, at)
        report(at + len(chunk))
    return FileSum(length, digest.hexdigest())


def _encode_sums(mark: Mark, sums: dict[str, FileSum]) -> bytes:
    files = {name: file._asdict() for name, file in sums.items()}
    document = {"format": FORMAT, "mark": mark._asdict(), "files": files}
    return json.dumps(document, indent=1).encode() + b"\n"


def load_sums(folder: Path) -> tuple[Mark, dict[str, FileSum]] | None:
    """Return where a snapshot ends and what its files must be like; None if the folder is no snapshot.

    Raises:
        LogDamaged: ``SNAPSHOT.json`` cannot be understood.
        OSError: It cannot be read.

    """
    try:
        document = json.loads((folder / SUMS_NAME).read_bytes())
        files = {name: FileSum(**file) for name, file in document["files"].items()}
        mark = Mark(**document["mark"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LogDamaged(f"{SUMS_NAME} cannot be read: {error}") from error
    return mark, files


def altered_files(
    folder: Path, sums: dict[str, FileSum], progress: Progress | None = None
) -> Iterator[LogDamaged]:
    """Compare a snapshot's files with their sums; yields what is wrong, and raises nothing of it.

    Raises:
        OSError: A file cannot be read.

    """
    present = {path.name for path in folder.iterdir()} - {SUMS_NAME}
    for name in sorted(present ^ sums.keys()):
        yield LogDamaged(f"{name} is {'not in the snapshot' if name in present else 'missing'}")
    total = sum(file.bytes for file in sums.values())
    done = 0
    for name, file in sums.items():
        if name in present:
            found = _sum_file(folder / name, _telling(progress, done, total))
            if found != file:
                yield LogDamaged(f"{name} is not as it was when the snapshot was taken")
        done += file.bytes


def _sum_file(path: Path, report: Callable[[int], None]) -> FileSum:
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            report(done)
    return FileSum(done, digest.hexdigest())
