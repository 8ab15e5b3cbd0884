"""What lies where in the data directory."""

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
