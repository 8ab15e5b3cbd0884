"""Knows which connections of the management port are being answered, so that others can give way.

Whoever fills the port with connections that ask for nothing keeps nobody from reading metrics.
"""

from collections.abc import Iterable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

ONE_TOO_MANY: Final = b'{"message":"Too many connections"}'
"""What a connection is told that cannot be served."""


class Staying:
    """Shows an aiohttp server's connections without those that are being closed."""

    def __init__(self, server: web.Server) -> None:
        self._server = server

    @property
    def connections(self) -> list[web.RequestHandler]:
        """Return them, the oldest first."""
        return [each for each in self._server.connections if each.transport is not None]

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of one more."""
        return self._server()


class Busy:
    """Holds the connections whose request is being answered."""

    def __init__(self) -> None:
        self._answering: set[web.RequestHandler] = set()

    @property
    def middleware(self) -> Middleware:
        """Return what has to see every request."""

        @web.middleware
        async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._answering.add(request.protocol)
            try:
                return await handler(request)
            finally:
                self._answering.discard(request.protocol)

        return answer

    def have_one_leave(self, connections: Iterable[web.RequestHandler]) -> bool:
        """Close the oldest connection that asks for nothing; return whether there was one."""
        for connection in connections:
            if connection not in self._answering:
                connection.force_close()
                return True
        return False
