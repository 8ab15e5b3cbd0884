"""Describes what holds where nothing is set, and the failure that settings cause.

Apart from the settings table, which takes longer to import than a client command takes to ask.
"""

import os
from typing import Final

ENVIRONMENT_PREFIX: Final = "IDNODE_"

HOST: Final = "127.0.0.1"
HANDLE_PORT: Final = 2641
HTTP_PORT: Final = 8000
PREFIX: Final = "88.900"
DEMO_SECRET: Final = "idnode-demo"  # noqa: S105  # well known on purpose; refused off loopback
"""The secret of the demo credentials; only ever accepted on loopback."""


class SettingsRefused(Exception):
    """The settings cannot be used; the message says which one, where it came from and what to do."""


def nothing_is_set() -> bool:
    """Return whether the environment sets nothing and names no file, so that the defaults hold."""
    return not any(name.upper().startswith(ENVIRONMENT_PREFIX) for name in os.environ)


def pure_python_forced() -> bool:
    """Return whether ``IDNODE_PURE`` forbids the compiled core."""
    return os.environ.get(ENVIRONMENT_PREFIX + "PURE", "") not in {"", "0"}


def notify_socket() -> str | None:
    """Return where the service manager wants to be told of readiness, if one started the node."""
    return os.environ.get("NOTIFY_SOCKET")
