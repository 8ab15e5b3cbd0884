"""Verifying a log, or a snapshot of one, that nobody has open.

Everything is read: the manifest, every header, every record's checksum and sequence, and for a snapshot
every file's SHA-256. Nothing is changed, unless a torn tail is to be cut off.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from idnode.registry.embedded.storage import manifest as manifests
from idnode.registry.embedded.storage.active import ActiveSegment
from idnode.registry.embedded.storage.disk import DISK, Disk
from idnode.registry.embedded.storage.folder import disagreements, segment_path
from idnode.registry.embedded.storage.holes import written_end
from idnode.registry.embedded.storage.manifest import Manifest, SegmentEntry
from idnode.registry.embedded.storage.position import Cut, Mark
from idnode.registry.embedded.storage.record import DELETE, PUT
from idnode.registry.embedded.storage.segment import HEADER_BYTES, check_header, map_segment
from idnode.registry.embedded.storage.snapshot import altered_files, load_sums
from idnode.registry.embedded.storage.tail import judge_tail
from idnode.registry.embedded.storage.walk import Progress, Walk, reporting, whole_records
from idnode.registry.errors import LogDamaged


class Problem(NamedTuple):
    """One thing that is wrong; segment and offset as far as it has them."""

    segment: int | None
    offset: int | None
    reason: str


class _Marked(NamedTuple):
    """Tells where a log was said to end."""

    mark: Mark
    exact: bool
    """Whether it may not go on behind that."""

    def broken_by(self, end: Mark, *, whole: bool) -> bool:
        """Return whether an end contradicts the mark; ``whole`` tells that nothing torn follows it."""
        if self.exact:
            return end != self.mark or not whole
        return end[:2] < self.mark[:2]


@dataclass(slots=True)
class CheckReport:
    """Holds what a check found."""

    segments: int = 0
    records: int = 0
    """Valid records read, of any kind."""
    puts: int = 0
    deletes: int = 0
    bytes: int = 0
    """Bytes of these records."""
    snapshot: bool = False
    """Whether the folder is a snapshot, whose files were compared with their checksums."""
    problems: list[Problem] = field(default_factory=list)
    """Damage; a torn tail is none."""
    torn: Cut | None = None
    """What a crash left of an unfinished write: opening the log cuts it off, and so does a repair."""
    repaired: bool = False
    """Whether ``torn`` was cut off."""

    @property
    def healthy(self) -> bool:
        """Return whether nothing is wrong (any more)."""
        return not self.problems and (self.torn is None or self.repaired)


def check(
    folder: Path,
    *,
    repair: bool = False,
    clean: Mark | None = None,
    progress: Progress | None = None,
    disk: Disk = DISK,
) -> CheckReport:
    """Verify the log in this folder; the caller makes sure that nobody writes to it.

    With ``clean``, the end that was marked when the log was last closed, nothing is forgiven before it; the
    log may have gone on behind it, if whoever opened it crashed. ``repair`` cuts off a torn tail, durably, if
    that is all that is wrong. A snapshot is never changed, and ends exactly where it says.

    Raises:
        OSError: Something cannot be read, or the tail not be cut.

    """
    report = CheckReport()
    try:
        marked = None if clean is None else _Marked(clean, exact=False)
        end = _check_snapshot(report, folder, _half(progress, second=False))
        if end is not None:
            marked, progress = _Marked(end, exact=True), _half(progress, second=True)
        manifest = manifests.load(folder)
    except LogDamaged as error:
        _note(report, error)
        return report
    if manifest is None:
        _note(report, LogDamaged(f"{manifests.NAME} is missing"))
        return report
    _check_segments(report, folder, manifest, marked, progress)
    if repair and report.torn is not None and not report.problems:
        _cut(disk, folder, report.torn)
        report.repaired = True
    return report


def _note(report: CheckReport, error: LogDamaged) -> None:
    report.problems.append(Problem(error.segment, error.offset, error.reason))


def _check_snapshot(report: CheckReport, folder: Path, progress: Progress | None) -> Mark | None:
    """Compare a snapshot's files with their sums; returns where it ends, None if it is no snapshot."""
    sums = load_sums(folder)
    if sums is None:
        return None
    report.snapshot = True
    mark, files = sums
    for altered in altered_files(folder, files, progress):
        _note(report, altered)
    return mark


def _check_segments(
    report: CheckReport,
    folder: Path,
    manifest: Manifest,
    marked: _Marked | None,
    progress: Progress | None,
) -> None:
    for disagreement in disagreements(folder, manifest):
        _note(report, disagreement)
    present = [e for e in manifest.segments if segment_path(folder, e.number).exists()]
    lengths = [e.bytes or written_end(segment_path(folder, e.number)) for e in present]
    done, total = 0, sum(lengths)
    for entry, length in zip(present, lengths, strict=True):
        shifted = _shifted(progress, done, total)
        try:
            _check_segment(
                report, segment_path(folder, entry.number), manifest, entry, marked, shifted
            )
        except LogDamaged as error:
            _note(report, error)
        done += length
        report.segments += 1
    if progress is not None:
        progress(total, total)


def _half(progress: Progress | None, *, second: bool) -> Progress | None:
    """Return the progress of one half: a snapshot is read for its sums, then for its records."""
    if progress is None:
        return None
    return lambda done, total: progress(done + second * total, 2 * total)


def _shifted(progress: Progress | None, before: int, total: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, _length: progress(min(before + done, total), total)


def _check_segment(  # noqa: PLR0913, PLR0917  # private; the facts of one check
    report: CheckReport,
    path: Path,
    manifest: Manifest,
    entry: SegmentEntry,
    marked: _Marked | None,
    progress: Progress | None,
) -> None:
    data = map_segment(path, entry.number)
    check_header(data, manifest.header(entry))
    size = min(entry.bytes or written_end(path), len(data))
    walk = Walk(data, entry.number, start=HEADER_BYTES, end=size, sequence=entry.first - 1)
    kinds: Counter[int] = Counter()
    records = whole_records(walk, last=entry.last) if entry.sealed else iter(walk)
    try:
        for record in reporting(records, progress, before=0, total=size):
            kinds[record.kind] += 1
            report.bytes += record.size
    finally:
        report.records += kinds.total()
        report.puts += kinds[PUT]
        report.deletes += kinds[DELETE]
    if not entry.sealed:
        _check_end(report, path, walk, marked)


def _check_end(report: CheckReport, path: Path, walk: Walk, marked: _Marked | None) -> None:
    torn = judge_tail(path, walk)
    end = Mark(walk.number, walk.offset if torn is None else torn.offset, walk.sequence)
    if marked is not None and marked.broken_by(end, whole=torn is None):
        mark = marked.mark
        raise LogDamaged(
            f"the log was closed at offset {mark.offset} of segment {mark.segment}, sequence "
            f"{mark.sequence}, but ends here with sequence {end.sequence}",
            segment=end.segment,
            offset=end.offset,
        )
    report.torn = torn


def _cut(disk: Disk, folder: Path, torn: Cut) -> None:
    active = ActiveSegment(disk, segment_path(folder, torn.segment), torn.segment)
    try:
        active.cut(torn.offset)
    finally:
        active.close()
