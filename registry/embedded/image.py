"""The image of a cleanly stopped register: handles, index and live_bytes, tied to the exact end of its log.

Layout: a block with magic, version and core, a block with the end mark of the log and the live_bytes, then what the
contents write. The image is never the only copy of anything: it counts only if it is whole and the log still ends
at its mark, and is taken away before the log changes.
"""

import os
import sys
from pathlib import Path
from typing import BinaryIO, Final

import msgpack

from idnode.registry.embedded.blocks import read_block, write_block
from idnode.registry.embedded.contents import Contents
from idnode.registry.embedded.storage.atomic import UNFINISHED
from idnode.registry.embedded.storage.disk import DISK, sync_folder
from idnode.registry.embedded.storage.log import Mark
from idnode.registry.errors import LogDamaged

FILE_NAME: Final = "index.image"
_MAGIC: Final = b"idnode image "

_Bytes = dict[int, int]
"""Bytes by segment."""


def _format(contents: Contents) -> bytes:
    return f"idnode image 4 {contents.core} {sys.byteorder}".encode()


def save(folder: Path, contents: Contents, mark: Mark) -> None:
    """Write the image, durably, under its name.

    Raises:
        OSError: The disk refused; what stood under the name before still does.

    """
    draft = folder / (FILE_NAME + UNFINISHED)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        with os.fdopen(DISK.open(draft, flags), "wb") as file:
            write_block(file, _format(contents))
            write_block(file, msgpack.packb([list(mark), *contents.live_bytes.as_lists()]))
            contents.save(file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / FILE_NAME)
    except OSError:
        draft.unlink(missing_ok=True)  # on a full disk it takes up what others need
        raise
    sync_folder(DISK, folder)


def read_mark(folder: Path) -> Mark | None:
    """Return the end of the log that the image belongs to, ``None`` without an image; reads its head only.

    Raises:
        LogDamaged: The head is not what was written.
        OSError: It cannot be read.

    """
    try:
        file = (folder / FILE_NAME).open("rb")
    except FileNotFoundError:
        return None
    with file:
        if not read_block(file).startswith(_MAGIC):
            raise LogDamaged("The image has another format")
        return _read_head(file)[0]


def load(folder: Path, contents: Contents) -> Mark | None:
    """Fill empty contents from the image and return the mark it belongs to, ``None`` without an image.

    Raises:
        LogDamaged: The image is not what was written; the contents are not to be used.
        OSError: It cannot be read.

    """
    try:
        file = (folder / FILE_NAME).open("rb")
    except FileNotFoundError:
        return None
    with file:
        if read_block(file) != _format(contents):
            raise LogDamaged("The image has another format")
        mark, live, tombstones = _read_head(file)
        contents.live_bytes.restore(list(live.items()), list(tombstones.items()))
        contents.load(file)
    return mark


def _read_head(file: BinaryIO) -> tuple[Mark, _Bytes, _Bytes]:
    """Return the mark, and the live and the tombstone bytes by segment."""
    try:
        mark, live, tombstones = msgpack.unpackb(read_block(file))
        segment, offset, sequence = map(int, mark)
        return Mark(segment, offset, sequence), dict(live), dict(tombstones)
    except (ValueError, TypeError) as error:
        raise LogDamaged("The head of the image is not what was written") from error


def remove(folder: Path) -> None:
    """Take the image away, if there is one."""
    (folder / FILE_NAME).unlink(missing_ok=True)
