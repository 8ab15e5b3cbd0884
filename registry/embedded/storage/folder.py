"""The log's folder: first use, and agreement between the manifest and the files.

What a crash between two steps of making or dropping a segment leaves behind is put right here; any other
disagreement is damage.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

from idnode.registry.embedded.storage import manifest as manifests
from idnode.registry.embedded.storage import segment as segments
from idnode.registry.embedded.storage.disk import Disk, sync_folder
from idnode.registry.embedded.storage.holes import is_blank
from idnode.registry.embedded.storage.manifest import Manifest, SegmentEntry
from idnode.registry.embedded.storage.segment import HEADER_BYTES, REGISTER_ID_BYTES
from idnode.registry.errors import LogDamaged


def segment_path(folder: Path, number: int) -> Path:
    """Return where the segment with this number lies."""
    return folder / segments.file_name(number)


def establish(disk: Disk, folder: Path, capacity: int) -> Manifest:
    """Return the manifest of a new, empty log in a folder without one.

    Order: the first segment, the folder, the manifest. A crash before the manifest leaves a blank first
    segment, which is made anew.

    Raises:
        LogDamaged: The folder has segments with records, but no manifest.
        OSError: The disk refused.

    """
    for number, path in _segment_files(folder).items():
        if number != 1 or not is_blank(path, HEADER_BYTES):
            raise LogDamaged(f"{manifests.NAME} is missing, but {path.name} is there")
    manifest = Manifest(
        secrets.token_bytes(REGISTER_ID_BYTES), (SegmentEntry(1, 1, capacity=capacity),)
    )
    header = manifest.header(manifest.active)
    segments.create(disk, segment_path(folder, 1), header, capacity)
    sync_folder(disk, folder)
    manifests.store(disk, folder, manifest)
    return manifest


def leftovers(folder: Path, manifest: Manifest) -> list[Path]:
    """Return the files that an interrupted rotation or drop left behind.

    Raises:
        LogDamaged: The first of the `disagreements`.

    """
    for disagreement in disagreements(folder, manifest):
        raise disagreement
    named = {entry.number for entry in manifest.segments}
    return [path for number, path in _segment_files(folder).items() if number not in named]


def disagreements(folder: Path, manifest: Manifest) -> Iterator[LogDamaged]:
    """Yield what no crash explains: a segment missing, of the wrong size, or not in the manifest."""
    cut_late = uncut(folder, manifest)
    files = _segment_files(folder)
    for entry in manifest.segments:
        path = files.pop(entry.number, None)
        if path is None:
            yield LogDamaged("the file is missing", segment=entry.number)
        elif entry.bytes is not None and (size := path.stat().st_size) != entry.bytes:
            if cut_late != (path, entry.bytes):
                reason = f"the file has {size} bytes, the manifest says {entry.bytes}"
                yield LogDamaged(reason, segment=entry.number, offset=min(size, entry.bytes))
        elif entry.capacity is not None and (size := path.stat().st_size) < entry.capacity:
            reason = f"the file has {size} bytes, but was made with {entry.capacity}"
            yield LogDamaged(reason, segment=entry.number, offset=size)
    for number, path in files.items():
        dropped = number in manifest.dropping
        if not dropped and not (number > manifest.active.number and is_blank(path, HEADER_BYTES)):
            yield LogDamaged(f"{path.name} is not in {manifests.NAME}", segment=number)


def uncut(folder: Path, manifest: Manifest) -> tuple[Path, int] | None:
    """Return the file that a rotation cut short has yet to be cut to its length, and that length."""
    if len(manifest.segments) < 2:
        return None
    entry = manifest.segments[-2]
    path = segment_path(folder, entry.number)
    length = entry.bytes
    if length is None or not path.exists() or path.stat().st_size <= length:
        return None
    return (path, length) if is_blank(path, length) else None


def _segment_files(folder: Path) -> dict[int, Path]:
    numbered = ((segments.number_of(path.name), path) for path in sorted(folder.iterdir()))
    return {number: path for number, path in numbered if number is not None}
