"""Refuses HTTP requests when the node is beyond its capacity: 503, and when to ask again.

A refusal has to be much cheaper than an answer, or a node that refuses all it can has no time left to answer any. So
the usual request, a GET that came whole and alone, is refused before it is parsed; any other, before it is handled.
Interceptors do not see either.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs

from idnode.node.faces.http import replies
from idnode.node.service import events
from idnode.node.service.overload import RETRY_SECONDS, TOO_MANY
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.service.events import Observer
    from idnode.node.service.overload import Overload, Turns

_BUSY: Final = int(ResponseCode.SERVER_BUSY)
_END: Final = b"\r\n\r\n"
_BODY: Final = b'{"responseCode":%d,"message":"%s"}' % (_BUSY, TOO_MANY.encode())
_ANSWER: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: %s\r\nServer: %s\r\nRetry-After: %d\r\nContent-Length: %d\r\n\r\n%s"
    % (replies.JSON_TYPE.encode(), replies.SERVER.encode(), RETRY_SECONDS, len(_BODY), _BODY)
)
_OTHERWISE: Final = re.compile(
    rb"\r\n(?:connection: *close|content-length|transfer-encoding|expect|origin|upgrade)",
    re.IGNORECASE,
)
"""Headers that make an answer differ, or that say that the request is longer than what came."""


class Shedding:
    """Knows how long requests wait on one HTTP port, and refuses them."""

    __slots__ = ("_observer", "overload", "turns")

    def __init__(self, turns: Turns, overload: Overload, observer: Observer) -> None:
        self.turns = turns
        self.overload = overload
        self._observer = observer

    def at_once(self, data: bytes, waited: float) -> bytes:
        """Return the refusal of what is one plain GET beyond doubt, nothing for any other bytes."""
        whole = data.startswith(b"GET ") and data.find(_END) == len(data) - len(_END)
        if not whole or b" HTTP/1.1\r\n" not in data or _OTHERWISE.search(data):
            return b""
        self._count(waited)
        return _ANSWER

    def refuse(self, request: web.Request) -> web.Response:
        """Return the refusal of a request that was parsed."""
        arrived: float = getattr(request.protocol, "arrived", 0.0)
        self._count(self.turns.elapsed() - arrived)
        response = replies.status_response(503, TOO_MANY)
        if hdrs.ORIGIN in request.headers:
            replies.add_cors(request, response)
        return response

    def _count(self, seconds: float) -> None:
        self.overload.shed += 1
        self._observer.answered(events.OTHER, _BUSY, b"", seconds)
