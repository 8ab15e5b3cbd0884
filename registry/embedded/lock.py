"""The lock on a data directory: one process at a time."""

import fcntl
import os
from pathlib import Path
from typing import Final

from idnode.registry.errors import DataDirectoryInUse

FILE_NAME: Final = "lock"


class DirectoryLock:
    """Held from construction until `release`, or until the process ends however it ends.

    Raises:
        DataDirectoryInUse: Somebody else holds it.
        OSError: The folder cannot be written to.

    """

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise DataDirectoryInUse(f"{folder} is in use by another process") from None

    def release(self) -> None:
        """Let others in."""
        os.close(self._descriptor)
