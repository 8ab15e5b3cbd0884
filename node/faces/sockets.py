"""The sockets of the faces, bound before anybody serves them.

UDP sockets hold a burst: a server that is not scheduled for a moment loses no request for it. With the system's
default buffers a window of 256 requests already lost some.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

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
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it: answers are never held back for a fuller packet.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
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
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            made.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made
