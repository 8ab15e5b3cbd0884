"""What an operation may know of, and keep with, the connection that brought the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from node.service.credentials import Identity


@dataclass(slots=True)
class Connection:
    """One TCP connection, or the source of one datagram; ``peer`` is its socket address.

    ``now`` is epoch seconds when the bytes being answered arrived: a face sets it once a read, so that no
    operation reads the clock. ``identity`` is who logged in here, for logins that last as long as the
    connection (handle-protocol.md §6.3).
    """

    peer: tuple[Any, ...]
    stream: bool
    now: int = 0
    identity: Identity | None = None
