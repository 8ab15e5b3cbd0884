"""The UDP face where native threads stand in front of it.

The threads own the sockets' receiving side and answer plain resolutions; whatever else arrives they hand over,
with its sender, through a socket pair whose buffer bounds what may wait. It is answered by the Python face, through
the same bound socket. Whoever has to see each request calls `answer_natively` with False: then the threads are
gone and the Python face reads the sockets itself.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING, Any, Final, Protocol

from idnode.node.faces.handle.receive_queue import (
    QueueState,
    ReceiveQueues,
    Waiting,
    waited_since,
)
from idnode.node.faces.sockets import bound_sockets
from idnode.node.service.events import RESOLVE
from idnode.registry.handle.clock import SystemClock
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from idnode.node.faces.handle.udp import HandleUdp
    from idnode.node.service.events import Observer

HANDOFF_BYTES: Final = 1 << 20
"""What may wait for the Python face, in bytes as the system counts them; beyond it datagrams are dropped."""

_READS_PER_TURN: Final = 64
_DATAGRAM_BYTES_MAX: Final = 1 << 16
_SENDER_BYTES: Final = 28
"""Size of the ``sockaddr_in6`` in front of each datagram that is handed over."""

_FRONT_BYTES: Final = _SENDER_BYTES + 8
"""Sender, and when the datagram arrived in nanoseconds since the epoch."""

_Address = tuple[Any, ...]


class Threads(Protocol):
    """The native threads, as `idnode.node.faces.handle.native.responder.Responder` has them."""

    def start(self, sockets: Sequence[int], handoff: int) -> None:
        """Answer what arrives at these blocking sockets; hand the rest over."""

    def stop(self) -> None:
        """Return once no thread runs."""


class NativeCounts(Protocol):
    """Describes what native code counted since it was made."""

    def volume(self) -> Mapping[bytes, tuple[int, int]]:
        """Return by prefix how many resolutions found something, and how many did not."""
        ...

    def timings(self) -> tuple[Sequence[int], float]:
        """Return how many answers took how long, by bucket, and the seconds of all together."""
        ...

    def lost(self) -> int:
        """Return how many datagrams were lost to a full buffer."""
        ...


class NativeCountsReader:
    """Tells an observer what native code has counted since the last time."""

    def __init__(self, counted: NativeCounts, observer: Observer) -> None:
        self._counted = counted
        self._observer = observer
        self._volume: Mapping[bytes, tuple[int, int]] = {}
        self._buckets: Sequence[int] = ()
        self._seconds = 0.0
        self._lost = 0

    def flush(self) -> None:
        """Tell what is new."""
        volume = self._counted.volume()
        for prefix, (found, missing) in volume.items():
            had_found, had_missing = self._volume.get(prefix, (0, 0))
            if found > had_found:
                self._observer.resolved(ResponseCode.SUCCESS, prefix, found - had_found)
            if missing > had_missing:
                self._observer.resolved(
                    ResponseCode.HANDLE_NOT_FOUND, prefix, missing - had_missing
                )
        self._volume = volume
        buckets, seconds = self._counted.timings()
        had = self._buckets or [0] * len(buckets)
        if buckets != had:
            fresh = [now - before for now, before in zip(buckets, had, strict=True)]
            self._observer.timed(RESOLVE, fresh, seconds - self._seconds)
        self._buckets, self._seconds = buckets, seconds
        lost = self._counted.lost()
        if lost > self._lost:
            self._observer.dropped(lost - self._lost)
        self._lost = lost


class HandleUdpNative:
    """The UDP face of native threads and, behind them, the Python face."""

    def __init__(self, face: HandleUdp, threads: Threads, *, count: int = 1) -> None:
        self._face = face
        self._threads = threads
        self._count = count
        self._sockets: list[socket.socket] = []
        self._queues = ReceiveQueues(())
        self._waiting: dict[socket.socket, Waiting] = {}
        self._handoff: tuple[socket.socket, socket.socket] | None = None
        self._natively = False
        self._wanted = True

    async def start(self, host: str, port: int) -> None:
        """Take datagrams; port 0 takes any free one.

        Raises:
            OSError: The address cannot be bound, or no thread can be had.

        """
        await self.serve(await bound_sockets(host, port, self._count))

    async def serve(self, sockets: Sequence[socket.socket]) -> None:
        """Take the datagrams of these sockets, one thread each; they are the face's from now on.

        Raises:
            OSError: No thread can be had.

        """
        self._sockets = list(sockets)
        self._queues = ReceiveQueues(self._sockets)
        self._waiting = {each: Waiting(each) for each in self._sockets}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HANDOFF_BYTES)
        ours.setblocking(False)
        self._handoff = ours, theirs
        self._face.connection_made(_Outlet(self._sockets[0], self._face))
        asyncio.get_running_loop().add_reader(ours, self._take_over)
        for each in self._sockets:
            each.setblocking(False)
            asyncio.get_running_loop().add_reader(each, self._read, each)
        self.answer_natively(natively=self._wanted)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are bound."""
        return self._face.address

    def count_lost(self) -> None:
        """Tell the face of datagrams that the system lost because nobody read them in time."""
        if lost := self._queues.lost():
            self._face.lost(lost)

    def queue(self) -> QueueState:
        """Return how full the system's queues of unread datagrams are."""
        return self._queues.state()

    def answer_natively(self, *, natively: bool) -> None:
        """Put the native threads on the path, or take them off it; before the start it is remembered."""
        self._wanted = natively
        if self._handoff is None or natively == self._natively:
            return
        loop = asyncio.get_running_loop()
        if natively:
            for each in self._sockets:
                loop.remove_reader(each)
                each.setblocking(True)
            handoff = self._handoff[1].fileno()
            self._threads.start([each.fileno() for each in self._sockets], handoff)
        else:
            self._threads.stop()
            self._take_over()
            for each in self._sockets:
                each.setblocking(False)
                loop.add_reader(each, self._read, each)
        self._natively = natively

    async def stop(self) -> None:
        """Take no more datagrams; those handed over before are answered."""
        if self._handoff is None:
            return
        self.answer_natively(natively=False)
        loop = asyncio.get_running_loop()
        while self._take_over():
            pass
        for each in (*self._sockets, self._handoff[0]):
            loop.remove_reader(each)
        await self._face.stop()
        for each in (*self._sockets, *self._handoff):
            each.close()
        self._handoff = None

    def _take_over(self) -> int:
        """Have the Python face answer what was handed over; returns how many datagrams that were."""
        assert self._handoff is not None
        ours = self._handoff[0]

        def receive() -> tuple[bytes, _Address, float]:
            data = ours.recv(_FRONT_BYTES + _DATAGRAM_BYTES_MAX)
            arrived = int.from_bytes(data[_SENDER_BYTES:_FRONT_BYTES], sys.byteorder)
            return data[_FRONT_BYTES:], sender_of(data), waited_since(arrived / 1e9)

        return self._pass_on(receive)

    def _read(self, bound: socket.socket) -> int:
        waiting = self._waiting[bound]

        def receive() -> tuple[bytes, _Address, float]:
            datagram, sender = bound.recvfrom(_DATAGRAM_BYTES_MAX)
            return datagram, sender, waiting.seconds(SystemClock.elapsed())

        return self._pass_on(receive)

    def _pass_on(self, receive: Callable[[], tuple[bytes, _Address, float]]) -> int:
        for number in range(_READS_PER_TURN):
            try:
                datagram, sender, waited = receive()
            except BlockingIOError:
                return number
            self._face.take(datagram, sender, waited)
        return _READS_PER_TURN


def sender_of(address: bytes) -> _Address:
    """Return the socket address in a ``sockaddr_in`` or ``sockaddr_in6`` as Python has it."""
    port = int.from_bytes(address[2:4], "big")
    if int.from_bytes(address[:2], sys.byteorder) == socket.AF_INET:
        return socket.inet_ntoa(address[4:8]), port
    flow = int.from_bytes(address[4:8], "big")
    scope = int.from_bytes(address[24:28], sys.byteorder)
    return socket.inet_ntop(socket.AF_INET6, address[8:24]), port, flow, scope


class _Outlet(asyncio.DatagramTransport):
    """The sending side of the sockets, for the Python face."""

    def __init__(self, bound: socket.socket, face: HandleUdp) -> None:
        super().__init__({"sockname": bound.getsockname()})
        self._bound = bound
        self._face = face

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send a datagram, or lose it when the system has no room."""
        try:
            self._bound.sendto(data, socket.MSG_DONTWAIT, addr)
        except OSError as error:
            self._face.error_received(error)

    def close(self) -> None:
        """Let the face know that nothing is sent any more; the sockets are their owner's to close."""
        asyncio.get_running_loop().call_soon(self._face.connection_lost, None)
