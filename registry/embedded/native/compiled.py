"""The compiled core: a slot table of eight bytes an identifier, and handles in order without keeping them."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from idnode.registry.embedded.contents import Contents
from idnode.registry.embedded.native.contents import NativeContents
from idnode.registry.embedded.native.core import SegmentView, SlotTable
from idnode.registry.embedded.storage.atomic import write_atomically
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.log import Log

SECRET_NAME: Final = "hash.secret"  # noqa: S105  # a file's name
"""The file of the hash's secret: without it nobody can choose handles that meet in one slot."""

_SECRET_BYTES: Final = 16


class NativeCore:
    """Opens registers whose contents are kept in compiled code."""

    name = NativeContents.core

    def open(
        self, folder: Path, *, segment_bytes: int, disk: Disk
    ) -> tuple[Log, Callable[[], Contents]]:
        """Open the log, mapped for native readers, too; see `idnode.registry.embedded.core.Core.open`."""
        segments = SegmentView()
        log = Log.open(folder, segment_bytes=segment_bytes, disk=disk, shown=segments)
        try:
            secret = _secret(folder, disk)
        except OSError:
            log.close()
            raise
        return log, lambda: NativeContents(log, SlotTable(secret, segments), disk)


def _secret(folder: Path, disk: Disk) -> bytes:
    """Return the folder's secret, drawn on first use; with another one the image is of no use, nothing else."""
    path = folder / SECRET_NAME
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        secret = b""
    if len(secret) != _SECRET_BYTES:
        secret = secrets.token_bytes(_SECRET_BYTES)
        write_atomically(path, secret, disk=disk)
    return secret
