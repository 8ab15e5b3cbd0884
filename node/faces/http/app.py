"""The HTTP application: which path goes where, what bounds a request, what an error looks like.

No middleware is installed, because the resolution path is measured against a bare handler. Each handler is
wrapped once, at start, by its last line of defence (`http_replies.guarded`); the catch-all routes answer what
aiohttp would answer in HTML, and `HttpFaceRunner` does the same for bytes that are no HTTP.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from aiohttp import HttpVersion11, hdrs, web
from multidict import istr

from idnode.node.faces.handle_json.handles import PATH as HANDLES_PATH
from idnode.node.faces.handle_json.handles import Reading
from idnode.node.faces.http import replies
from idnode.node.faces.http.access import Access
from idnode.node.faces.http.busy import Busy
from idnode.node.faces.http.documentation import documentation_routes
from idnode.node.faces.http.plain_gets import PLAIN_START, NativeSide
from idnode.node.faces.http.seam import Seam
from idnode.node.faces.http.unreadable import readable, refusal
from idnode.node.faces.lending import HTTP_FACE, NOT_LENT, RUNS_BEFORE, recall
from idnode.node.faces.table import FACES
from idnode.node.hosts import MISDIRECTED
from idnode.node.interceptors.chain import Interceptors
from idnode.node.interceptors.exchange import (
    FAULT_HEADER,
    HANDLE_JSON,
    HTTP,
    REQUEST_ID_HEADER,
    next_connection,
)
from idnode.node.service import events
from idnode.node.service.queue_delay import QueueDelay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from idnode.node.faces.http.routes import Route
    from idnode.node.faces.http.services import Services
    from idnode.node.service.events import Observer
    from idnode.registry.handle.clock import Clock

# Names as the header map looks them up fastest; each plain GET is asked for them.
_REQUEST_ID: Final = istr(REQUEST_ID_HEADER)
_FAULT: Final = istr(FAULT_HEADER)


_take: Final = web.RequestHandler.data_received


class UnexpectedErrors:
    """Tells an observer of requests that failed as nobody planned."""

    __slots__ = ("_observer",)

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def __call__(self, response_code: int, seconds: float) -> None:
        """Take in one of them: what it was answered, and how long it took."""
        self._observer.answered(events.OTHER, response_code, b"", seconds)


class Resolutions:
    """Answers resolutions; `HttpFaceRunner` calls it without asking the router."""

    def __init__(self, services: Services, interceptors: Interceptors) -> None:
        reading, unexpected = Reading(services), UnexpectedErrors(services.observer)
        seam = Seam(interceptors, HANDLE_JSON, services.clock)
        self.interceptors = interceptors
        self.plainly = replies.guarded(reading.read, unexpected)
        self._read_plain = reading.read_plain
        self._seen = replies.guarded(reading.read, unexpected, seam)

    async def seen(self, request: web.Request) -> web.StreamResponse:
        """Answer one while there are interceptors; plain successes cost nothing if none must see them."""
        headers = request.headers
        plain = hdrs.ORIGIN not in headers and _REQUEST_ID not in headers and _FAULT not in headers
        if plain and not self.interceptors.sees_plain_successes:
            try:
                response = self._read_plain(request)
            except Exception:  # noqa: BLE001  # it is raised again, and answered, where it is seen
                response = None
            if response is not None:
                return response
        return await self._seen(request)


RESOLUTIONS: Final = web.AppKey("RESOLUTIONS", Resolutions)
ACCESS: Final = web.AppKey("ACCESS", Access)
SEAM: Final = web.AppKey("SEAM", Seam)
"""Shows the interceptors what is no HTTP."""
BUSY: Final = web.AppKey("BUSY", Busy)
NATIVE_SIDE: Final = web.AppKey("NATIVE_SIDE", NativeSide)
CLOCK: Final[web.AppKey[Clock]] = web.AppKey("CLOCK")


def build_app(  # noqa: PLR0913, PLR0917  # called once, by the composition root
    services: Services,
    observers: Callable[[str], Observer],
    version: str = "",
    interceptors: Interceptors | None = None,
    access: Access | None = None,
    queue: QueueDelay | None = None,
    native: NativeSide | None = None,
) -> web.Application:
    """Return the application that serves every HTTP face of the node.

    ``observers`` returns the observer of a face by its name. Without ``access`` every request is taken. ``queue``
    tells how long requests wait for the event loop, and whom to turn away. ``native`` knows who answers plain
    resolutions before aiohttp sees them.
    """
    interceptors = interceptors or Interceptors()
    app = web.Application()
    add_routes(app, documentation_routes(version))
    for face in FACES:
        own = replace(services, observer=observers(face.name))
        seam = Seam(interceptors, face.name, services.clock)
        add_routes(app, face.routes(own), own.observer, seam)
    own = replace(services, observer=observers(HANDLE_JSON))
    app[RESOLUTIONS] = Resolutions(own, interceptors)
    app[ACCESS] = access or Access()
    app[SEAM] = Seam(interceptors, HTTP, services.clock)
    app[BUSY] = Busy(FACES, observers, queue or QueueDelay(), HANDLES_PATH)
    app[NATIVE_SIDE] = native or NativeSide()
    app[CLOCK] = services.clock
    return app


def add_routes(
    app: web.Application,
    routes: Iterable[Route],
    observer: Observer | None = None,
    seam: Seam | None = None,
) -> None:
    """Add routes, each with its last line of defence around it, which tells the observer of its failures."""
    unexpected = None if observer is None else UnexpectedErrors(observer)
    for route in routes:
        app.router.add_route(
            route.method,
            route.path,
            replies.guarded(route.handler, unexpected, seam),
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

    __slots__ = (
        "_elapsed",
        "_incomplete",
        "_now",
        "_plain_runs",
        "admitted",
        "arrived",
        "busy",
        "loan",
        "native_side",
        "number",
        "queue",
        "seam",
    )

    def __init__(self, server: _FaceServer, **options: Any) -> None:
        super().__init__(server, **options)
        self.number = next_connection()
        """The number of the connection."""
        self.seam = server.seam
        self.busy = server.busy
        self.queue = server.busy.queue
        self.native_side = server.native_side
        self._now = server.clock.now
        self._elapsed = server.clock.elapsed
        self.arrived = self._elapsed()
        """When what was read last arrived (monotonic)."""
        self.admitted = False
        """Whether it was decided already that the request has its turn."""
        self._incomplete = False
        self.loan = NOT_LENT
        self._plain_runs = 0

    def data_received(self, data: bytes) -> None:
        """Note when a request arrived; answer at once the one that has no turn, and those that native code answers."""
        queue = self.queue
        if queue.share and not self._incomplete and self._waits():
            answer = self.busy.at_once(data)
            if answer and self.transport is not None:
                self.transport.write(answer)
                return
            self.admitted = answer is not None
        if self.native_side.native is not None and data.startswith(PLAIN_START):
            data = self._answer_natively(data)
            if not data:
                return
        self.arrived = self._elapsed() - queue.delay
        if not data.isascii() and not self._incomplete and self._is_between_requests():
            data = readable(data)
        _take(self, data)
        # Only the start of a request leaves the connection waiting, and what follows belongs to it.
        self._incomplete = self._is_between_requests()

    def _answer_natively(self, data: bytes) -> bytes:
        """Have native code answer the plain GETs in front, if nobody waits; returns what is left."""
        native, transport = self.native_side.native, self.transport
        if native is None or transport is None or self._incomplete or self._is_busy():
            return data
        lender = self.native_side.lender
        if (
            lender is not None
            and self._plain_runs >= RUNS_BEFORE
            and lender.lend(self, transport, HTTP_FACE, data)
        ):
            self.admitted = False
            return b""
        answers, used = native.answer_gets(data, int(self._now()), self.queue.delay)
        if not used:
            self._plain_runs = 0
            return data
        transport.write(answers)
        self.admitted = False
        self._plain_runs += 1
        self._stay_alive_from(self._loop.time())
        return data[used:]

    def _stay_alive_from(self, seconds: float) -> None:
        self._next_keepalive_close_time = seconds + self._keepalive_timeout

    def come_back(self, held: bytes, last: float) -> None:
        """Go on where a thread stopped, which had the connection (`lending`)."""
        self._plain_runs = 0
        self._stay_alive_from(last)
        if held:
            self.data_received(held)

    def close(self) -> None:
        """Close the connection when what is under way is answered."""
        recall(self.native_side.lender, self)
        super().close()

    def force_close(self) -> None:
        """Close the connection now."""
        recall(self.native_side.lender, self)
        super().force_close()

    def _process_keepalive(self) -> None:
        """Let go of a connection that has been silent for too long; a thread may have answered on it meanwhile."""
        lender = self.native_side.lender
        if lender is not None and self.loan != NOT_LENT:
            self._stay_alive_from(lender.last(self))
        super()._process_keepalive()

    def _is_busy(self) -> bool:
        """Return whether an answer would be out of turn: one is under way, or unread, or the connection ends."""
        ends = self._close or self._force_close or self._upgraded
        return ends or self._paused or not self._is_between_requests()

    def _is_between_requests(self) -> bool:
        """Return whether nothing came on the connection, or `_waits`."""
        return not self._request_count or self._waits()

    def _waits(self) -> bool:
        """Return whether there is no request under way, so that the next bytes are the next one's."""
        return self._waiter is not None and not self._messages and self._payload_parser is None

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
        text = ""
        if status < 500:
            status, text = refusal(exc, message or "", self.max_field_size)
        response = replies.status_response(status, text)
        response.force_close()
        if self.seam.interceptors.active:
            self.seam.unreadable(request, exc or ConnectionError(text), response)
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log what aiohttp finds wrong; a peer's broken body is the peer's business, not an error here."""
        if isinstance(kw.get("exc_info"), web.RequestPayloadError):
            self.log_debug(*args, **kw)
        else:
            super().log_exception(*args, **kw)


class _FaceServer(web.Server):  # type: ignore[type-arg,unused-ignore]
    """Makes `_FaceProtocol` connections."""

    seam: Seam
    busy: Busy
    native_side: NativeSide
    clock: Clock

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
        server = _FaceServer(
            _short_cut(self.app, made.request_handler),
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,  # noqa: SLF001  # aiohttp offers no other way to name the protocol class
            **made._kwargs,  # noqa: SLF001
        )
        server.seam, server.busy = self.app[SEAM], self.app[BUSY]
        server.clock, server.native_side = self.app[CLOCK], self.app[NATIVE_SIDE]
        return server


def _short_cut(app: web.Application, otherwise: replies.Handler) -> Any:
    """Return a handler of all requests that gives GET of one handle to its own."""
    resolutions, access, busy = app[RESOLUTIONS], app[ACCESS], app[BUSY]
    start = HANDLES_PATH
    shortest = len(start) + 1
    admits = access.admits
    interceptors, plainly = resolutions.interceptors, resolutions.plainly
    queue = busy.queue

    async def handle(request: web.Request) -> web.StreamResponse:
        headers = request.headers
        if not admits(headers.get(hdrs.HOST)):
            return replies.status_response(403, MISDIRECTED)
        if hdrs.ORIGIN in headers:
            await access.judge(request)
        if queue.share:
            connection: Any = request.protocol
            admitted, connection.admitted = connection.admitted, False
            if not admitted and (turned_away := busy.answer(request)) is not None:
                return turned_away
        path = request.rel_url.raw_path
        if (
            request.method == "GET"
            and path.startswith(start)
            and len(path) >= shortest
            and hdrs.EXPECT not in headers
        ):
            if interceptors.active:
                return await resolutions.seen(request)
            return await plainly(request)
        try:
            return await otherwise(request)
        except web.HTTPException:
            # Only what is no path at all, as of CONNECT and OPTIONS *, finds no route.
            if request.method == "OPTIONS":
                return replies.options_response(request, replies.METHODS)
            return replies.unknown_endpoint(request)

    return handle
