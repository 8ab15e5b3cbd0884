"""What lies where in the data directory."""

from typing import Final

REGISTER: Final = "register"
"""Folder of the log, its index and its lock."""

KEYS: Final = "keys"
"""Folder of the node's own key pairs."""

SNAPSHOTS: Final = "snapshots"
"""Folder in which snapshots are taken, each in a folder of its name."""
