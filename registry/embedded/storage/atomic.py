"""Files that are there whole or not at all, whenever the power goes."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from idnode.registry.embedded.storage.disk import DISK, Disk, write_all
from idnode.registry.embedded.storage.shortage import insist

UNFINISHED: Final = ".new"
"""What the name of a file ends in while it is written; one left behind means nothing."""


def write_atomically(
    path: Path, content: bytes | Iterable[bytes | memoryview], *, disk: Disk = DISK
) -> int:
    """Put this content, whole or in pieces, in place of the file; returns its bytes.

    Order: open the folder, so that nothing can be short later; write beside, sync, rename over it, sync the
    folder. When this returns, the new content survives a power failure; when it raises, the old file is still
    there (or, if only the folder's sync failed, either of the two), and what was written beside it is gone.

    Raises:
        OSError: The disk refused.

    """
    beside = path.with_name(path.name + UNFINISHED)
    folder = disk.open(path.parent, os.O_RDONLY)
    try:
        try:
            written = _write(beside, content, disk)
            disk.replace(beside, path)
        except OSError:
            with suppress(OSError):  # what it takes up may be just what is missing
                disk.unlink(beside)
            raise
        insist(disk.sync, folder)
    finally:
        disk.close(folder)
    return written


def _write(path: Path, content: bytes | Iterable[bytes | memoryview], disk: Disk) -> int:
    pieces: Iterable[bytes | memoryview] = (content,) if isinstance(content, bytes) else content
    descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    written = 0
    try:
        for piece in pieces:
            if piece:
                write_all(disk, descriptor, piece, written)
                written += len(piece)
        insist(disk.sync, descriptor)
    finally:
        disk.close(descriptor)
    return written
