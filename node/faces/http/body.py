"""Reading a request body within a bound that also holds after decompression."""

from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from idnode.node.interceptors.exchange import note_body

_ENCODINGS: Final = frozenset({"", "identity", "gzip", "deflate", "br", "zstd"})
"""What aiohttp decodes while it reads; the last two only where their libraries are installed."""


class Unreadable(Exception):
    """A request is not in the form that its endpoint reads."""


class BodyRefused(Unreadable):
    """A body cannot be taken: ``status`` is the HTTP status, the message says why."""

    def __init__(self, status: int, message: str, bytes_max: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.bytes_max = bytes_max


async def read_body(request: web.Request, bytes_max: int) -> bytes:
    """Return the whole body, decompressed.

    The bound counts decompressed bytes, while they arrive, so that a small body which inflates to a large
    one is refused before it is held in memory.

    Raises:
        BodyRefused: Too long (413), an unknown content encoding (415) or broken encoding (400).

    """
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise BodyRefused(415, "Content-Encoding must be gzip, deflate or identity")
    if (request.content_length or 0) > bytes_max:
        raise BodyRefused(413, f"Request body is longer than {bytes_max} bytes", bytes_max)
    parts: list[bytes] = []
    taken = 0
    try:
        while part := await request.content.readany():
            taken += len(part)
            if taken > bytes_max:
                raise BodyRefused(413, f"Request body is longer than {bytes_max} bytes", bytes_max)
            parts.append(part)
    except (HttpProcessingError, web.RequestPayloadError) as error:
        note_body(b"".join(parts))
        raise BodyRefused(400, "Request body is broken off or wrongly encoded") from error
    body = b"".join(parts)
    note_body(body)
    return body
