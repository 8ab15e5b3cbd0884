"""Tells the service manager where the node stands (the notification protocol of sd_notify(3)).

A line of text in a datagram to a socket that the manager names; without one, nothing happens. The manager
learns that the node is ready, that it stops, and about once a second that its event loop still turns.
"""

import logging
import socket
from typing import Final

READY: Final = b"READY=1\nSTATUS=ready"
STOPPING: Final = b"STOPPING=1\nSTATUS=draining"
ALIVE: Final = b"WATCHDOG=1"

_log = logging.getLogger(__name__)


class ReadinessNotice:
    """Sends notices to one socket, or nowhere.

    ``address`` is a path, or a name in the abstract space with ``@`` before it.
    """

    def __init__(self, address: str | None) -> None:
        self._address = f"\0{address[1:]}" if address and address.startswith("@") else address

    def ready(self) -> None:
        """Say that traffic is wanted."""
        self._tell(READY)

    def stopping(self) -> None:
        """Say that no more traffic is wanted and that the end is near."""
        self._tell(STOPPING)

    def alive(self) -> None:
        """Say that the event loop turns; a manager with a watchdog restarts a node that falls silent."""
        self._tell(ALIVE)

    def _tell(self, notice: bytes) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.setblocking(False)
                manager.sendto(notice, self._address)
        except OSError as error:
            _log.warning("the service manager cannot be told: %s", error)
