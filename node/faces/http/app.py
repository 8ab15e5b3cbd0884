"""The HTTP application: which path goes where, what bounds a request, what an error looks like.

No middleware is installed, because the resolution path is measured against a bare handler. Each handler is
wrapped once, at start, by its last line of defence (`http_replies.guarded`); the catch-all routes answer what
aiohttp would answer in HTML, and `HttpFaceRunner` does the same for bytes that are no HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

from aiohttp import HttpVersion11, web

from idnode.node.faces.bulk.routes import bulk_routes
from idnode.node.faces.handle.tunnel import Tunnel
from idnode.node.faces.handle_json.authorization import Authorization
from idnode.node.faces.handle_json.exchange import Services, from_the_start
from idnode.node.faces.handle_json.handles import PATH as HANDLES_PATH
from idnode.node.faces.handle_json.handles import Reading
from idnode.node.faces.handle_json.routes import Route, json_routes, node_routes, redirect_routes
from idnode.node.faces.handle_json.sessions import WebSessions
from idnode.node.faces.http import replies
from idnode.node.faces.http.documentation import documentation_routes
from idnode.node.faces.snms.routes import snms_routes
from idnode.node.service import events

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from idnode.node.faces.snms.exchange import SnmsServices
    from idnode.node.service.events import Observer
    from idnode.node.service.handle.homing import Homing
    from idnode.node.service.handle.proofs import Proofs
    from idnode.node.service.handle.receiver import Receiver
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.credentials import Credentials
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.node.service.identifiers.registrar import Registrar
    from idnode.node.service.identifiers.resolver import Resolver
    from idnode.registry.handle.clock import Clock

JSON_FACE: Final = "handle_json"
BULK_FACE: Final = "bulk"
SNMS_FACE: Final = "snms"
TUNNEL_FACE: Final = "handle_http"

_UNREADABLE: Final = "Bad HTTP message"

READING: Final = web.AppKey("READING", Reading)


class UnexpectedErrors:
    """Tells an observer of requests that failed as nobody planned."""

    __slots__ = ("_observer",)

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def __call__(self, response_code: int, seconds: float) -> None:
        """Take in one of them: what it was answered, and how long it took."""
        self._observer.answered(events.OTHER, response_code, b"", seconds)


UNEXPECTED_ERRORS: Final = web.AppKey("UNEXPECTED_ERRORS", UnexpectedErrors)
"""What answers resolutions; `HttpFaceRunner` calls it without asking the router."""


@dataclass(slots=True)
class HttpParts:
    """What the application is built from.

    ``receiver`` takes messages of the Handle protocol that come over HTTP.
    ``observer`` makes the observer of a face by its name. ``site`` returns the node's site record (empty
    while the node is starting), ``count`` how many handles a prefix has. ``plain_http`` says whether
    credentials count without TLS, as they should on loopback. ``snms`` is what the SNMS face stands on, if
    it is served. ``random`` chooses among weighted locations. ``seek`` finds a place in a listing as
    `from_the_start` does, but nearer. ``sessions`` are those of the JSON API, new ones unless given.
    """

    resolver: Resolver
    registrar: Registrar
    credentials: Credentials
    permissions: Permissions
    authority: Authority
    homing: Homing
    proofs: Proofs
    receiver: Receiver
    clock: Clock
    observer: Callable[[str], Observer]
    site: Callable[[], bytes]
    count: Callable[[bytes], Awaitable[int]]
    seek: Callable[[bytes, int], tuple[int, bytes]] | None = None
    plain_http: bool = False
    snms: SnmsServices | None = None
    version: str = ""
    random: Random = field(default_factory=Random)
    sessions: WebSessions | None = None


def build_app(parts: HttpParts) -> web.Application:
    """Return the application that serves every HTTP face of the node."""
    sessions = WebSessions(parts.clock) if parts.sessions is None else parts.sessions
    authorization = Authorization(
        parts.credentials, parts.proofs, sessions, plain_http=parts.plain_http
    )

    def services(face: str) -> Services:
        return Services(
            resolver=parts.resolver,
            registrar=parts.registrar,
            permissions=parts.permissions,
            authority=parts.authority,
            authorization=authorization,
            clock=parts.clock,
            observer=parts.observer(face),
            site=parts.site,
            count=parts.count,
            seek=parts.seek or from_the_start,
            random=parts.random,
        )

    browser = services(JSON_FACE)
    app = web.Application()
    app[READING] = Reading(browser)
    app[UNEXPECTED_ERRORS] = UnexpectedErrors(browser.observer)
    if parts.snms is not None:
        add_routes(app, snms_routes(parts.snms), parts.snms.observer)
        add_routes(app, documentation_routes(parts.version))
    add_routes(app, bulk_routes(services(BULK_FACE)), parts.observer(BULK_FACE))
    add_routes(app, json_routes(browser), browser.observer)
    rest = node_routes(browser, parts.homing, parts.proofs, sessions)
    add_routes(app, rest, browser.observer)
    redirects = redirect_routes(browser)
    (redirect,) = redirects
    tunnel = Tunnel(parts.receiver, parts.observer(TUNNEL_FACE), parts.clock, redirect.handler)
    add_routes(app, [Route("POST", "/", tunnel.answer)], browser.observer)
    add_routes(app, redirects, browser.observer)
    return app


def add_routes(app: web.Application, routes: list[Route], observer: Observer | None = None) -> None:
    """Add routes, each with its last line of defence around it, which tells the observer of its failures."""
    unexpected = None if observer is None else UnexpectedErrors(observer)
    for route in routes:
        app.router.add_route(
            route.method,
            route.path,
            replies.guarded(route.handler, unexpected),
            expect_handler=_expectation,
        )


async def _expectation(request: web.Request) -> web.StreamResponse | None:
    """Let a client that waits for it send its body; refuse any other expectation in JSON."""
    if request.version < HttpVersion11:
        return None
    if request.headers.get("Expect", "").lower() != "100-continue":
        return replies.status_response(417, "Unknown expectation")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # What was written so far is no part of the answer; without this aiohttp takes the answer as begun.
    request.writer.output_size = 0
    return None


class _FaceProtocol(web.RequestHandler):  # type: ignore[type-arg,unused-ignore]
    """A connection whose unreadable requests are answered in JSON, too."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to bytes that are no HTTP, or to an error that escaped everything else."""
        if exc is not None and status >= 500:
            replies.log_failure(exc)
        if request.writer.output_size > 0:
            raise ConnectionError("The answer was begun, no other can be sent")
        text = (message or _UNREADABLE).partition("\n")[0] if status < 500 else ""
        response = replies.status_response(status, text)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log what aiohttp finds wrong; a peer's broken body is the peer's business, not an error here."""
        if isinstance(kw.get("exc_info"), web.RequestPayloadError):
            self.log_debug(*args, **kw)
        else:
            super().log_exception(*args, **kw)


class _FaceServer(web.Server):  # type: ignore[type-arg,unused-ignore]
    """Makes `_FaceProtocol` connections."""

    def __call__(self) -> web.RequestHandler:
        return _FaceProtocol(self, loop=self._loop, **self._kwargs)


class HttpFaceRunner(web.AppRunner):
    """Runs the application; use it in place of `aiohttp.web.AppRunner`.

    Resolutions, the most frequent request by far, go straight to their handler: the router alone would take as
    long as finding the record.
    """

    __slots__ = ()

    async def _make_server(self) -> web.Server:
        made: Any = await super()._make_server()
        read, unexpected = self.app[READING].read, self.app[UNEXPECTED_ERRORS]
        return _FaceServer(
            _short_cut(replies.guarded(read, unexpected), made.request_handler),
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,  # noqa: SLF001  # aiohttp offers no other way to name the protocol class
            **made._kwargs,  # noqa: SLF001
        )


def _short_cut(read_one: replies.Handler, otherwise: replies.Handler) -> Any:
    """Return a handler of all requests that gives GET of one handle to its own."""
    start = HANDLES_PATH
    shortest = len(start) + 1

    async def handle(request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if (
            request.method == "GET"
            and path.startswith(start)
            and len(path) >= shortest
            and "Expect" not in request.headers
        ):
            return await read_one(request)
        return await otherwise(request)

    return handle
