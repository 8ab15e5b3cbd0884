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
from idnode.registry.embedded.storage.manifest import Entry, Manifest
from idnode.registry.embedded.storage.segment import REGISTER_ID_BYTES
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
        if number != 1 or not segments.is_blank(path):
            raise LogDamaged(f"{manifests.NAME} is missing, but {path.name} is there")
    manifest = Manifest(secrets.token_bytes(REGISTER_ID_BYTES), (Entry(1, 1),))
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
    files = _segment_files(folder)
    for entry in manifest.segments:
        path = files.pop(entry.number, None)
        if path is None:
            yield LogDamaged("the file is missing", segment=entry.number)
        elif entry.bytes is not None and (size := path.stat().st_size) != entry.bytes:
            reason = f"the file has {size} bytes, the manifest says {entry.bytes}"
            yield LogDamaged(reason, segment=entry.number, offset=min(size, entry.bytes))
    for number, path in files.items():
        dropped = number in manifest.dropping
        if not dropped and not (number > manifest.active.number and segments.is_blank(path)):
            yield LogDamaged(f"{path.name} is not in {manifests.NAME}", segment=number)


def _segment_files(folder: Path) -> dict[int, Path]:
    numbered = ((segments.number_of(path.name), path) for path in sorted(folder.iterdir()))
    return {number: path for number, path in numbered if number is not None}
