"""The answer to a plain resolution, written in one piece.

aiohttp assembles the head of each answer from a header map; for the one answer that a node gives more often than
all others together that costs as much as finding and formatting the record. This response writes status line,
headers and body at once. It is used only where nothing about the head varies: GET over a persistent HTTP/1.1
connection without an Origin, which no interceptor has to see.
"""

from email.utils import formatdate
from typing import Final

from aiohttp import HttpVersion11, hdrs, web

from idnode.node.faces.http.replies import JSON_TYPE, SERVER
from idnode.node.interceptors.exchange import current

_HEAD: Final = (
    f"HTTP/1.1 200 OK\r\nContent-Type: {JSON_TYPE}\r\nServer: {SERVER}\r\n"
    "Date: %b\r\nContent-Length: %d\r\n\r\n"
).encode()


def may_be_plain(request: web.Request) -> bool:
    """Return whether this request can be answered by a `RecordResponse`."""
    return (
        request.version == HttpVersion11
        and request.keep_alive
        and hdrs.ORIGIN not in request.headers
        and request.method == "GET"
        and current.get() is None
    )


class DateHeader:
    """The text of the Date header, made once a second."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = -1
        self._text = b""

    def text(self, now: float) -> bytes:
        """Return the header for this moment (epoch seconds)."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._text = formatdate(second, usegmt=True).encode()
        return self._text


class RecordResponse(web.StreamResponse):
    """A finished JSON answer of status 200."""

    def __init__(self, body: bytes, date: bytes) -> None:  # the base class would make a header map
        self._body_bytes = len(body)
        self._bytes = _HEAD % (date, len(body)) + body

    @property
    def status(self) -> int:
        """The HTTP status."""
        return 200

    @property
    def keep_alive(self) -> bool:
        """Return whether the connection stays open: this answer is only given where it does."""
        return True

    @property
    def body_length(self) -> int:
        """Bytes of the body."""
        return self._body_bytes

    async def prepare(self, request: web.BaseRequest) -> None:
        """Write the whole answer."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("The client is gone")
        try:
            transport.write(self._bytes)
        except RuntimeError as error:  # as uvloop says it of one that ended without a notice
            raise ConnectionResetError("The client is gone") from error
        await request.writer.drain()

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: the whole answer is written."""
        assert not data
