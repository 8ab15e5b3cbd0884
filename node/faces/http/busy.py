"""Answers requests that have no turn because more is asked than the node can answer: 503, and when to come again.

Most of what an HTTP request costs is reading it. So a plain GET that came whole is answered from its first line, before
it is parsed; every other request is refused once it is, and its body is not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import orjson
from aiohttp import web

from idnode.node.faces.http.replies import JSON_TYPE, SERVER, add_cors, failure
from idnode.node.service import events
from idnode.node.service.answers import RETRY_AFTER, RETRY_SECONDS
from idnode.node.service.queue_delay import BUSY_TEXT, QueueDelay
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from idnode.node.faces.face import HttpFace
    from idnode.node.service.events import Observer

_CODE: Final = int(ResponseCode.SERVER_BUSY)
_BODY: Final = orjson.dumps(failure(_CODE, BUSY_TEXT))
_GET: Final = b"GET "
_END: Final = b"\r\n\r\n"
_FIRST_LINE_ENDS: Final = b" HTTP/1.1\r\n"
_NOT_PLAIN: Final = (
    *(b"\r\ncontent-length:", b"\r\ntransfer-encoding:", b"\r\nexpect:", b"\r\nupgrade:"),
    *(b"\r\norigin:", b"\r\nconnection: close"),
)
"""Headers after which a request has a body, or its answer needs more than the fewest headers."""


class _Place(NamedTuple):
    """One face as a client that is turned away meets it."""

    root: bytes
    name: str
    observer: Observer
    body: bytes
    wire: bytes


class Busy:
    """Turns requests away while ``queue`` says so, and tells the observer of the face that was asked.

    ``resolving`` is the path below which a request counts as a resolution.
    """

    def __init__(
        self,
        faces: Iterable[HttpFace],
        observers: Callable[[str], Observer],
        queue: QueueDelay,
        resolving: str,
    ) -> None:
        self.queue = queue
        self._resolving = resolving.encode()
        self._places = [
            _Place(root.encode(), face.name, observers(face.name), body, _wire(body))
            for face in faces
            for root in face.roots
            for body in (face.busy or _BODY,)
        ]

    def at_once(self, data: bytes) -> bytes | None:
        """Return the answer to the plain GET that these bytes are, empty if it has its turn; None to all else."""
        if not (data.startswith(_GET) and data.endswith(_END)):
            return None
        line = data.find(b"\r\n")
        if data.find(_END) != len(data) - len(_END) or not data.startswith(
            _FIRST_LINE_ENDS, line + 2 - len(_FIRST_LINE_ENDS)
        ):
            return None
        head = data.lower()
        if any(header in head for header in _NOT_PLAIN):
            return None
        place = self._turned_away(data[len(_GET) : line])
        return b"" if place is None else place.wire

    def answer(self, request: web.Request) -> web.Response | None:
        """Return the answer to a request that is to be turned away."""
        place = self._turned_away(request.rel_url.raw_path.encode())
        if place is None:
            return None
        headers = {"Content-Type": JSON_TYPE, "Server": SERVER, RETRY_AFTER: RETRY_SECONDS}
        response = web.Response(body=place.body, status=503, headers=headers)
        if "Origin" in request.headers:
            add_cors(request, response)
        if request.body_exists:
            response.force_close()
        return response

    def _turned_away(self, path: bytes) -> _Place | None:
        place = next((each for each in self._places if path.startswith(each.root)), None)
        if place is None or not self.queue.turns_away(place.name):
            return None
        operation = events.OTHER
        if path.startswith(self._resolving):
            operation = events.RESOLVE
            place.observer.resolved(_CODE, b"", 1)
        place.observer.answered(operation, _CODE, b"", self.queue.delay)
        return place


def _wire(body: bytes) -> bytes:
    """Return the whole answer with this body; the connection stays open."""
    lines = (
        "HTTP/1.1 503 Service Unavailable",
        f"Content-Type: {JSON_TYPE}",
        f"Content-Length: {len(body)}",
        f"{RETRY_AFTER}: {RETRY_SECONDS}",
        f"Server: {SERVER}",
    )
    return "\r\n".join(lines).encode() + _END + body
