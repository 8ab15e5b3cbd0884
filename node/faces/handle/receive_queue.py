"""The queues in which the system keeps datagrams until they are read: what they hold, what they lost, what waited.

Nothing of it costs anything when a datagram is read: the system counts by itself what finds a queue full, and is
asked when somebody wants to know (SO_MEMINFO, the count that SO_RXQ_OVFL attaches to datagrams). How long a datagram
waited is asked at most once a millisecond. Linux only; elsewhere nothing is known, and nothing is told.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.registry.handle.clock import SystemClock

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable

_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=9I")
_QUEUED, _ROOM, _DROPS = 0, 1, 8  # places in sk_meminfo (linux/sock_diag.h)
_WRAP: Final = 1 << 32

_SIOCGSTAMPNS: Final = 0x8907
_TIMESPEC: Final = struct.Struct("@ll")

LOOK_SECONDS: Final = 0.001
"""How long the last answer holds: the datagrams read within a millisecond waited about as long."""


class QueueState(NamedTuple):
    """Bytes as the system counts them, which are more than those of the datagrams."""

    queued_bytes: int = 0
    room_bytes: int = 0


class ReceiveQueues:
    """The queues of some UDP sockets; datagrams that they lost are told once."""

    def __init__(self, sockets: Iterable[socket.socket]) -> None:
        self._sockets = list(sockets)
        self._drops = [_figures(each)[_DROPS] for each in self._sockets]

    def lost(self) -> int:
        """Return how many datagrams found a full queue since this was asked last."""
        lost = 0
        for at, each in enumerate(self._sockets):
            if each.fileno() >= 0:
                drops = _figures(each)[_DROPS]
                lost += (drops - self._drops[at]) % _WRAP  # the system counts in 32 bits
                self._drops[at] = drops
        return lost

    def state(self) -> QueueState:
        """Return what all queues together hold, and may hold."""
        found = [_figures(each) for each in self._sockets if each.fileno() >= 0]
        return QueueState(sum(f[_QUEUED] for f in found), sum(f[_ROOM] for f in found))


class Waiting:
    """Tells for how long datagrams waited in the queue of one socket until they were read."""

    __slots__ = ("_next", "_seconds", "_socket")

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        self._next = 0.0
        self._seconds = 0.0
        self.seconds(float("-inf"))  # the system stamps datagrams once somebody has asked

    def seconds(self, elapsed: float) -> float:
        """Return how long the datagram that was just read had waited; ``elapsed`` is the monotonic time."""
        if elapsed < self._next:
            return self._seconds
        self._next = elapsed + LOOK_SECONDS
        self._seconds = self._look()
        return self._seconds

    def _look(self) -> float:
        if fcntl is None:
            return 0.0
        try:
            found = fcntl.ioctl(self._socket.fileno(), _SIOCGSTAMPNS, bytes(_TIMESPEC.size))
        except (OSError, ValueError):  # nothing was read yet, no such system, or closed
            return 0.0
        seconds, nanoseconds = _TIMESPEC.unpack(found)
        return waited_since(seconds + nanoseconds / 1e9)


def waited_since(wall_seconds: float) -> float:
    """Return how long ago the machine's wall clock showed a time; one that was set back meanwhile says nothing."""
    return max(0.0, SystemClock.now() - wall_seconds)


def _figures(bound: socket.socket) -> tuple[int, ...]:
    try:
        found = bound.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        return _MEMINFO.unpack(found)
    except (OSError, struct.error):  # no such system
        return (0,) * 9
