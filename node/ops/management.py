"""The management app: metrics, health and statistics, on a port of its own.

It is never on the service ports, so that watching the node neither competes with its traffic nor is
offered to whoever may resolve.
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Container, Iterable
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from idnode.node.hosts import MISDIRECTED, misdirected
from idnode.node.ops.health import Health
from idnode.node.ops.metrics import Metrics
from idnode.node.service.answers import RETRY_AFTER, RETRY_SECONDS
from idnode.registry.errors import LogDamaged

Report = dict[str, Any]

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_FOR_PROBES: Final = frozenset({"/livez", "/readyz"})
_CHALLENGE: Final = 'Bearer realm="idnode management", Basic realm="idnode management"'

SNAPSHOT_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
"""Names that can be nothing but one folder."""


async def _nothing() -> None:
    """Do nothing."""


def build(  # noqa: PLR0913  # the parts of one app, by name
    health: Health,
    metrics: Metrics,
    *,
    stats: Callable[[], Report],
    snapshot: Callable[[str], Awaitable[Report]],
    before_telling: Callable[[], Awaitable[None]] = _nothing,
    further: Iterable[web.RouteDef] = (),
    pages: Iterable[web.RouteDef] = (),
    front: Handler | None = None,
) -> web.Application:
    """Return the app.

    ``stats`` gives the body of ``/api/v1/stats``; ``snapshot`` takes one under a name and tells about it, or
    raises `FileExistsError`. ``before_telling`` is awaited once counters were read and before anybody learns
    them. ``further`` routes are those of other modules, ``pages`` those for browsers, which are shown ``front``
    where programs get the list of paths.
    """
    further = list(further)

    async def index(request: web.Request) -> web.StreamResponse:
        if front is not None and wants_page(request):
            return await front(request)
        own = ("/livez", "/readyz", "/metrics", "/api/v1/stats", "/api/v1/snapshots")
        return _json({"paths": [*own, *dict.fromkeys(route.path for route in further)]})

    async def livez(_: web.Request) -> web.Response:
        return _json({"status": "alive"})

    async def readyz(request: web.Request) -> web.Response:
        # Reads go on when writes are refused, so only whoever asks for writes is turned away.
        wanted = health.ready and (health.writable or "writes" not in request.query)
        return _json(health.report(), status=200 if wanted else 503)

    async def exposition(request: web.Request) -> web.Response:
        body, content_type = metrics.render(request.headers.get("Accept", ""))
        await before_telling()
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def statistics(_: web.Request) -> web.Response:
        told = stats()
        await before_telling()
        return _json(told)

    async def snapshots(request: web.Request) -> web.Response:
        return await _taken(snapshot, await _name_of(request))

    return bare(
        [
            web.get("/", index),
            web.get("/livez", livez),
            web.get("/readyz", readyz),
            web.get("/metrics", exposition),
            web.get("/api/v1/stats", statistics),
            web.post("/api/v1/snapshots", snapshots),
            *further,
            *pages,
        ]
    )


def wants_page(request: web.Request) -> bool:
    """Return whether whoever asks is a browser that shows a page."""
    return "text/html" in request.headers.get("Accept", "")


def bare(routes: Iterable[web.RouteDef]) -> web.Application:
    """Return an app with these routes, which answers refusals in JSON and takes no forms."""
    app = web.Application(middlewares=[_errors_in_json, _no_forms])
    app.add_routes(routes)
    return app


async def _taken(snapshot: Callable[[str], Awaitable[Report]], name: str) -> web.Response:
    """Take a snapshot, and tell about it or why there is none."""
    try:
        return _json(await snapshot(name), status=201)
    except FileExistsError:
        return _json({"message": f"There is a snapshot named {name}"}, status=409)
    except LogDamaged as error:
        return _json({"message": f"The log is damaged: {error}"}, status=500)
    except OSError as error:
        return _json({"message": f"The disk refused: {error.strerror}"}, status=507)


async def _name_of(request: web.Request) -> str:
    """Return the name that the body asks for.

    The content type is insisted on, because a page in somebody's browser cannot send it unasked.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Expected application/json")
    try:
        name = orjson.loads(await request.read())["name"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise web.HTTPBadRequest(reason='Expected {"name": ...}') from error
    if not isinstance(name, str) or not SNAPSHOT_NAME.fullmatch(name):
        raise web.HTTPBadRequest(
            reason="A name has letters, digits, - _ . and 100 characters at most"
        )
    return name


def loopback_only(names: Container[str]) -> Middleware:
    """Return what refuses requests that name another host than loopback or one of these."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if misdirected(request.headers.get("Host"), names):
            raise web.HTTPForbidden(reason=MISDIRECTED)
        return await handler(request)

    return check


def token_only(token: str) -> Middleware:
    """Return what refuses requests without a token, but for those that probes send.

    It comes as ``Authorization: Bearer TOKEN``, or as the password of any user, which browsers ask for.
    """
    expected = hashlib.sha256(token.encode()).digest()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = _token_in(request.headers.get("Authorization", ""))
        # Of digests, so that neither content nor length shows in the time that it takes.
        known = hmac.compare_digest(hashlib.sha256(given).digest(), expected)
        if not known and request.path not in _FOR_PROBES:
            raise web.HTTPUnauthorized(
                reason="The management port asks for its token (admin_token)",
                headers={"WWW-Authenticate": _CHALLENGE},
            )
        return await handler(request)

    return check


def _token_in(authorization: str) -> bytes:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode(errors="surrogateescape")
    if scheme.lower() == "basic":
        try:
            return b64decode(rest, validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""


@web.middleware
async def _no_forms(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep pages in somebody's browser out.

    A page can send forms anywhere, but not with this content type unless it is allowed to; so whatever changes
    something has to come with it.
    """
    routed = request.match_info.http_exception is None
    changes = routed and request.method not in _READING
    if changes and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Expected application/json")
    return await handler(request)


@web.middleware
async def _errors_in_json(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer what aiohttp refuses (404, 405) in JSON, like everything else here; say when to come again after 503."""
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPError as error:
        response = _json({"message": error.reason, "path": request.path}, status=error.status)
        if "WWW-Authenticate" in error.headers:
            response.headers["WWW-Authenticate"] = error.headers["WWW-Authenticate"]
    if response.status == 503 and not response.prepared:
        response.headers[RETRY_AFTER] = RETRY_SECONDS
    return response


def _json(body: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
