"""Files that are there whole or not at all, whenever the power goes."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from idnode.registry.embedded.storage.disk import DISK, Disk, sync_folder, write_all

UNFINISHED: Final = ".new"
"""What the name of a file ends in while it is written; one left behind means nothing."""


def write_atomically(
    path: Path, content: bytes | Iterable[bytes | memoryview], *, disk: Disk = DISK
) -> int:
    """Put this content, whole or in pieces, in place of the file; returns its bytes.

    Order: write beside it, sync, rename over it, sync the folder. When this returns, the new content
    survives a power failure; when it raises, the old file is still there (or, if only the folder's sync
    failed, either of the two).

    Raises:
        OSError: The disk refused.

    """
    beside = path.with_name(path.name + UNFINISHED)
    pieces: Iterable[bytes | memoryview] = (content,) if isinstance(content, bytes) else content
    descriptor = disk.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    written = 0
    try:
        for piece in pieces:
            if piece:
                write_all(disk, descriptor, piece, written)
                written += len(piece)
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)
    disk.replace(beside, path)
    sync_folder(disk, path.parent)
    return written
