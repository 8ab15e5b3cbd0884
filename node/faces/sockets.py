"""The sockets of the faces, bound before anybody serves them.

UDP sockets hold a burst: a server that is not scheduled for a moment loses no request for it. With the system's
default buffers a window of 256 requests already lost some.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

BUFFER_BYTES: Final = 4 << 20
"""Asked for in both directions; the system gives at most net.core.rmem_max and wmem_max."""


async def bound_streams(host: str, port: int) -> list[socket.socket]:
    """Return non-blocking stream sockets bound to every address of a host, not listening yet; port 0 takes any free one.

    Raises:
        OSError: An address cannot be bound.

    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, _kind, _protocol, _name, address in dict.fromkeys(found):
            sockets.append(_stream(family, address))
    except BaseException:
        for each in sockets:
            each.close()
        raise
    return sockets


def _stream(family: int, address: tuple[object, ...]) -> socket.socket:
    options = [
        (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
        # Accepted connections inherit it: answers are never held back for a fuller packet.
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    ]
    if family == socket.AF_INET6:
        options.append((socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1))
    return _made(family, socket.SOCK_STREAM, address, options)


def _made(
    family: int,
    kind: socket.SocketKind,
    address: tuple[object, ...],
    options: Iterable[tuple[int, int, int]],
) -> socket.socket:
    """Return a non-blocking socket that is bound, or leave none open."""
    made = socket.socket(family, kind)
    try:
        for option in options:
            made.setsockopt(*option)
        made.bind(address)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


async def bound_sockets(host: str, port: int, count: int = 1) -> list[socket.socket]:
    """Return non-blocking sockets bound to one address; port 0 takes any free one.

    Several share the port, and the system spreads the senders over them.

    Raises:
        OSError: The address cannot be bound.

    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    failure: OSError | None = None
    for family, _kind, _protocol, _name, address in found:
        try:
            return _bound(family, address, count)
        except OSError as error:
            failure = failure or error
    raise failure or OSError(f"{host} is no address")


def _bound(family: int, address: tuple[object, ...], count: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for _ in range(count):
            sockets.append(_socket(family, address, shared=count > 1))
            address = sockets[0].getsockname()  # the first may have taken any free port
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets


def _socket(family: int, address: tuple[object, ...], *, shared: bool) -> socket.socket:
    options = [
        (socket.SOL_SOCKET, option, BUFFER_BYTES) for option in (socket.SO_RCVBUF, socket.SO_SNDBUF)
    ]
    if shared:
        options.append((socket.SOL_SOCKET, socket.SO_REUSEPORT, 1))
    return _made(family, socket.SOCK_DGRAM, address, options)
