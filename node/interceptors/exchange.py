"""One request and its answer, as interceptors see them; the same for every face.

The face makes an exchange before it decodes anything. Who the request is from, what it asks for, and which error
refused it, is noted by whoever finds it out: the exchange being worked on is `current` for everything that is done
for it, at once or later.
"""

from __future__ import annotations

import itertools
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HANDLE_UDP: Final = "handle_udp"
HANDLE_TCP: Final = "handle_tcp"
HANDLE_HTTP: Final = "handle_http"
HANDLE_JSON: Final = "handle_json"
BULK: Final = "bulk"
SNMS: Final = "snms"
IDHUB: Final = "idhub"
REVERSE_LOOKUP: Final = "reverse_lookup"
HTTP: Final = "http"
"""Bytes on the HTTP port that are no HTTP, or no face's."""

FAULT: Final = "fault"
"""The note under which the name of the fault stands that was injected into a request or its answer."""

REQUEST_ID_HEADER: Final = "X-Request-Id"
FAULT_HEADER: Final = "X-Idnode-Fault"
"""Names the fault that a request wants, and the one that struck an answer."""

ID_CHARACTERS_MAX: Final = 128

_run: Final = secrets.token_hex(4)
_numbers: Final = itertools.count(1)


@dataclass(slots=True)
class HttpRequest:
    """An HTTP request; ``body`` is what was read of it so far, decompressed."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer; ``streamed``: it was sent while it was made, and is not kept."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    streamed: bool = False

    def wire(self) -> bytes:
        """Return the bytes of the whole answer."""
        names = {name.lower() for name, _value in self.headers}
        lines = [f"HTTP/1.1 {self.status} {phrase_of(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if "content-length" not in names and "transfer-encoding" not in names:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + self.body


class Exchange:
    """A request on its way to its answer."""

    __slots__ = (
        "account",
        "answer",
        "connection",
        "error",
        "face",
        "handle",
        "id",
        "identity",
        "notes",
        "operation",
        "peer",
        "request",
        "response_code",
        "started",
        "through",
    )

    def __init__(
        self,
        face: str,
        request: bytes | HttpRequest,
        *,
        started: float,
        peer: tuple[Any, ...] = (),
        connection: int = 0,
    ) -> None:
        self.id = f"{_run}-{next(_numbers)}"
        """The request's id: the client's own (``X-Request-Id``), or one that no other request has."""
        self.face = face
        """The name of the face, one of the constants of this module or of the table of faces."""
        self.peer = peer
        """The socket address of the other side."""
        self.connection = connection
        """The number of the connection since the start of the process; 0 where there is none (UDP)."""
        self.started = started
        """When its bytes arrived, in the clock's ``elapsed`` seconds."""
        self.request = request
        """Envelope and message as received (a binary face), or the HTTP request."""
        self.operation = ""
        """One of `idnode.node.service.events.OPERATIONS`, once it is known."""
        self.handle = b""
        """The handle that is asked for, as spelled, once it is known."""
        self.identity: str | None = None
        """``index:handle`` of the sender, or of who the sender claimed to be and did not prove."""
        self.account: str | None = None
        """The SNMS account behind the request's token."""
        self.error: BaseException | None = None
        """The error that refused the request."""
        self.response_code: int | None = None
        """The protocol's response code of the answer."""
        self.answer: bytes | HttpAnswer | None = None
        """The node's own answer, before any interceptor changed it; of several the latest."""
        self.notes: dict[str, Any] = {}
        """What interceptors leave for one another."""
        self.through: tuple[Any, ...] = ()  # of `chain.Interceptor`, which stands above
        """The interceptors that saw the request, in their order; they alone see its answer."""


current: Final[ContextVar[Exchange | None]] = ContextVar("exchange", default=None)
"""The exchange that is being worked on; None unless interceptors are there."""

_connections: Final = itertools.count(1)


def next_connection() -> int:
    """Return the number of a new connection."""
    return next(_connections)


def note_error(error: BaseException) -> None:
    """Note which error refused the current request."""
    exchange = current.get()
    if exchange is not None:
        exchange.error = error


def note_identity(index: int, handle: bytes) -> None:
    """Note who the sender of the current request is, or claims to be."""
    exchange = current.get()
    if exchange is not None:
        exchange.identity = f"{index}:{handle.decode(errors='replace')}"


def note_account(name: str) -> None:
    """Note the account that the current request came with."""
    exchange = current.get()
    if exchange is not None:
        exchange.account = name


def note_handle(handle: bytes) -> None:
    """Note the handle that the current request asks for."""
    exchange = current.get()
    if exchange is not None:
        exchange.handle = handle


def note_answered(operation: str, response_code: int, handle: bytes | None = None) -> None:
    """Note what the current request asked for and how it was answered."""
    exchange = current.get()
    if exchange is not None:
        exchange.operation = operation
        exchange.response_code = response_code
        if handle is not None:
            exchange.handle = handle


def note_body(body: bytes) -> None:
    """Note what was read of the current HTTP request's body."""
    exchange = current.get()
    if exchange is not None and isinstance(exchange.request, HttpRequest):
        exchange.request.body = body


def phrase_of(status: int) -> str:
    """Return the words that go with an HTTP status, none for one that is none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
