"""Answers to connections that the HTTP port cannot serve, because it serves as many as it may.

There is no request yet, only what has come of one: its path says which face it is for, and so what the answer
looks like. All say 503, and when to come again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from idnode.node.faces.http.replies import JSON_TYPE, SERVER, failure
from idnode.node.service.answers import RETRY_AFTER, RETRY_SECONDS
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idnode.node.faces.face import HttpFace

TEXT: Final = "Too many connections"
_BODY: Final = orjson.dumps(failure(ResponseCode.SERVER_BUSY, TEXT))


class TurnedAway:
    """Makes the answers; the first face whose root a path is below says what the body is."""

    def __init__(self, faces: Iterable[HttpFace]) -> None:
        self._bodies = [(root.encode(), face.busy) for face in faces for root in face.roots]

    def __call__(self, head: bytes) -> bytes:
        """Return the whole answer to a request that begins so."""
        _method, _, rest = head.partition(b" ")
        for root, body in self._bodies:
            if rest.startswith(root):
                return answer(body or _BODY)
        return answer(_BODY)


def answer(body: bytes) -> bytes:
    """Return a whole answer that says 503."""
    lines = (
        "HTTP/1.1 503 Service Unavailable",
        f"Content-Type: {JSON_TYPE}",
        f"Content-Length: {len(body)}",
        f"{RETRY_AFTER}: {RETRY_SECONDS}",
        f"Server: {SERVER}",
        "Connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
