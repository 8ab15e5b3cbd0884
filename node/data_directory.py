"""Describes what lies where in the data directory."""

import logging
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

REGISTER: Final = "register"
"""Folder of the log, its index and its lock."""

KEYS: Final = "keys"
"""Folder of the node's own key pairs."""

DIRECTORY: Final = "directory.sqlite"
"""Database of accounts, enterprises, prefixes and templates, unless the settings name another."""

FILES: Final = "files"
"""Folder of uploaded files."""

SNAPSHOTS: Final = "snapshots"
"""Folder in which snapshots are taken, each in a folder of its name."""

STATES: Final = "states"
"""Folder of kept states, each in a folder of its name."""

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

_log = logging.getLogger(__name__)


def make_private(folder: Path) -> None:
    """Make the data directory if need be, and what is in it readable by its owner only.

    The database is made here, since SQLite would let everybody read it; its journals follow it. A directory that was
    there before keeps its own mode, which somebody may have chosen.

    Raises:
        OSError: The directory cannot be made.

    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(OSError):
        os.close(os.open(folder / DIRECTORY, os.O_CREAT | os.O_CLOEXEC, 0o600))
    try:
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                path = Path(parent, name)
                mode = path.lstat().st_mode
                if mode & _OTHERS and not stat.S_ISLNK(mode):
                    path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except OSError as error:
        _log.warning("%s: not everything there could be kept from others: %s", folder, error)
