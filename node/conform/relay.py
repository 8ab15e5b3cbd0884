"""A second address of a node: what referrals lead to, since one that leads back to the same server is a loop."""

from __future__ import annotations

import socket
import socketserver
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_READ_BYTES: Final = 65_536
_QUIET_SECONDS: Final = 2.0
"""After so long without a datagram the way back to a client is forgotten."""
_ATTEMPTS: Final = 20
_LOOK_SECONDS: Final = 0.01
"""Time between two looks whether to end, for which somebody waits."""


class Relay:
    """Hands whatever comes, over UDP and TCP of one port on loopback, to a server, and its answers back."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._streams, self._datagrams = _bound(server)
        self.port: int = self._streams.server_address[1]
        for each in (self._streams, self._datagrams):
            threading.Thread(target=each.serve_forever, args=(_LOOK_SECONDS,), daemon=True).start()

    def close(self) -> None:
        """Take nothing any more."""
        for each in (self._streams, self._datagrams):
            each.shutdown()
            each.server_close()


class _Streams(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


class _Datagrams(socketserver.ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False


def _bound(server: tuple[str, int]) -> tuple[_Streams, _Datagrams]:
    """Return two servers on one port that is free for both."""
    for _attempt in range(_ATTEMPTS):
        streams = _Streams(("127.0.0.1", 0), _stream_handler(server))
        try:
            datagrams = _Datagrams(streams.server_address, _datagram_handler(server))
        except OSError:
            streams.server_close()
        else:
            return streams, datagrams
    raise OSError("no port is free for both UDP and TCP")


def _stream_handler(server: tuple[str, int]) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            client: socket.socket = self.request
            with suppress(OSError), socket.create_connection(server) as onward:
                back = threading.Thread(target=_copied, args=(onward, client), daemon=True)
                back.start()
                _copied(client, onward)
                back.join()

    return Handler


def _copied(source: socket.socket, target: socket.socket) -> None:
    """Copy bytes until the source ends, and end the target then."""
    with suppress(OSError):
        while data := source.recv(_READ_BYTES):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _datagram_handler(server: tuple[str, int]) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, back = self.request
            send: Callable[[bytes], int] = lambda each: back.sendto(each, self.client_address)  # noqa: E731
            with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as onward:
                onward.settimeout(_QUIET_SECONDS)
                onward.connect(server)
                onward.send(data)
                while True:
                    send(onward.recv(_READ_BYTES))

    return Handler
