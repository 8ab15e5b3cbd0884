"""Identifiers on the management port: find them, read a record decoded, change it as somebody who proved it.

Reading asks nobody who they are, as nothing here does; secret keys are left out even so. Writing takes an identity that
was proven by its secret, and goes through the same judgement as on every face: operating the node gives no right to it.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import orjson
from aiohttp import web

from idnode.node.faces.handle_json.values_input import pack_values
from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.node.faces.http.values_json import value_objects
from idnode.node.service.answers import answer_for, text_for
from idnode.node.service.errors import AuthenticationFailed, AuthenticationNeeded, ServiceError
from idnode.node.service.identifiers.credentials import Identity, node_administrators
from idnode.registry.fetching import fetched
from idnode.registry.handle import values
from idnode.registry.handle.errors import InvalidHandle, RegistryError
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.names import fold
from idnode.registry.handle.types.table import TYPES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from idnode.node.service.identifiers.credentials import Credentials
    from idnode.node.service.identifiers.registrar import Registrar
    from idnode.node.service.identifiers.resolver import Resolver
    from idnode.registry.handle.clock import Clock
    from idnode.registry.handle.values import Span

LIMIT: Final = 50
LIMIT_MAX: Final = 500
LOOKED_AT_MAX: Final = 5_000
"""Most handles that one search for a text looks at; the next begins behind them."""

TRANSPORTS: Final = ("udp", "tcp")
LANGUAGES: Final = ("en", "zh")

SESSION_HEADER: Final = "X-Idnode-Session"
SESSION_SECONDS: Final = 1_800
SESSIONS_MAX: Final = 64

_SECRET_TYPE: Final = b"HS_SECKEY"
_PATH: Final = "/api/v1/identifiers"
_ONE: Final = _PATH + "/{handle}"
"""The handle is percent-encoded, its slash too."""


class IdentifierServices(Protocol):
    """Describes what these calls stand on."""

    resolver: Resolver
    registrar: Registrar
    credentials: Credentials


class _Session(NamedTuple):
    identity: Identity
    until: float


class IdentifierCalls:
    """Serves ``/api/v1/identifiers`` and ``/api/v1/identity``; ``services`` returns None while the node is starting.

    ``trace`` tells how a client finds a handle over a transport, with a picture in a language.
    """

    def __init__(
        self,
        services: Callable[[], IdentifierServices | None],
        node_prefix: str,
        clock: Clock,
        trace: Callable[[str, str, str], Awaitable[dict[str, Any]]],
    ) -> None:
        self._trace = trace
        self._services_or_none = services
        self._operator = node_administrators(node_prefix.encode())[0]
        self._clock = clock
        self._sessions: dict[str, _Session] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(_PATH, _answered(self.find), allow_head=False),
            web.get(_ONE, _answered(self.read), allow_head=False),
            web.put(_ONE, _answered(self.write)),
            web.delete(_ONE, _answered(self.delete)),
            web.post(_ONE + "/trace", _answered(self.trace)),
            web.post("/api/v1/identity", _answered(self.sign_in)),
            web.delete("/api/v1/identity", _answered(self.sign_out)),
        ]

    @property
    def _services(self) -> IdentifierServices:
        services = self._services_or_none()
        if services is None:
            raise web.HTTPServiceUnavailable(reason="The node is starting")
        return services

    async def find(self, request: web.Request) -> Any:
        """Return handles of a prefix that have a text in them, behind a cursor."""
        asked = request.query
        prefix = asked.get("prefix", "").encode(errors="replace")
        if not prefix:
            raise web.HTTPBadRequest(reason="prefix is missing")
        text, limit = fold(asked.get("text", "").encode(errors="replace")), _limit(request)
        after = asked.get("after", "").encode(errors="replace")
        found: list[bytes] = []
        looked_at = 0
        last: bytes | None = after
        while last is not None and len(found) < limit and looked_at < LOOKED_AT_MAX:
            # A search looks further than a page, which has as many handles as it was asked for.
            page = await self._services.registrar.list_handles(
                self._operator, prefix, after=last, limit=limit - len(found) if not text else 500
            )
            for handle in page.handles:
                looked_at += 1
                last = handle
                if text in fold(handle.partition(b"/")[2]):
                    found.append(handle)
                    if len(found) == limit:
                        break
            else:
                last = page.after
        return {
            "items": [handle.decode(errors="replace") for handle in found],
            "after": None if last is None else last.decode(errors="replace"),
            "looked_at": looked_at,
        }

    async def read(self, request: web.Request) -> Any:
        """Return a record: each value as JSON and as its bytes, with its text for people if its type has one."""
        handle = _handle(request)
        resolve = self._services.resolver.resolve
        packed = await fetched(partial(resolve, handle, public_only=False))
        shown = [
            _shown(packed, span, value)
            for span, value in zip(values.spans(packed), value_objects(packed), strict=True)
        ]
        return {"handle": handle.decode(errors="replace"), "values": shown}

    async def write(self, request: web.Request) -> Any:
        """Create a record (``new``), or put values into one, as the identity of the session."""
        handle, identity = _handle(request), self._identity(request)
        body = await _body(request)
        packed, _indexes = pack_values(body.get("values"))
        registrar = self._services.registrar
        if body.get("new") is True:
            await registrar.create(identity, handle, packed)
        else:
            await registrar.put_values(identity, handle, packed)
        return {"handle": handle.decode(errors="replace")}

    async def delete(self, request: web.Request) -> Any:
        """Delete a record, or with ``index`` some of its values, as the identity of the session."""
        handle, identity = _handle(request), self._identity(request)
        indexes = tuple(_index(text) for text in request.query.getall("index", ()))
        if indexes:
            await self._services.registrar.remove(identity, handle, indexes)
        else:
            await self._services.registrar.delete(identity, handle)
        return {"handle": handle.decode(errors="replace")}

    async def trace(self, request: web.Request) -> Any:
        """Return how a client finds the handle, hop by hop, with a picture.

        It is a POST although it changes nothing: hops lead to wherever records point, which no page may cause unasked.
        """
        handle, body = _handle(request), await _body(request)
        transport, language = body.get("transport", "udp"), body.get("language", "en")
        if transport not in TRANSPORTS:
            raise web.HTTPBadRequest(reason=f"transport is one of {', '.join(TRANSPORTS)}")
        if language not in LANGUAGES:
            raise web.HTTPBadRequest(reason=f"language is one of {', '.join(LANGUAGES)}")
        _ = self._services  # there are none while the node is starting
        return await self._trace(handle.decode(errors="replace"), transport, language)

    async def sign_in(self, request: web.Request) -> Any:
        """Open a session for an identity (``index:handle``) that its secret proves."""
        body = await _body(request)
        claimed, secret = body.get("identity"), body.get("secret")
        if not isinstance(claimed, str) or not isinstance(secret, str):
            raise web.HTTPBadRequest(
                reason='Expected {"identity": "301:0.NA/PREFIX", "secret": "..."}'
            )
        index, _, handle = claimed.partition(":")
        identity = Identity(handle.encode(errors="replace"), _index(index))
        verify = self._services.credentials.verify_secret
        await fetched(partial(verify, identity, secret.encode(errors="replace")))
        self._forget_old()
        name = secrets.token_urlsafe(24)
        self._sessions[name] = _Session(identity, self._clock.elapsed() + SESSION_SECONDS)
        return {"session": name, "identity": claimed, "seconds": SESSION_SECONDS}

    async def sign_out(self, request: web.Request) -> Any:
        """End the session that the request names."""
        ended = self._sessions.pop(request.headers.get(SESSION_HEADER, ""), None)
        return {"ended": ended is not None}

    def _identity(self, request: web.Request) -> Identity:
        session = self._sessions.get(request.headers.get(SESSION_HEADER, ""))
        if session is None or session.until < self._clock.elapsed():
            raise AuthenticationNeeded
        return session.identity

    def _forget_old(self) -> None:
        """Make room for one more session: those that are over go, then the oldest."""
        now = self._clock.elapsed()
        self._sessions = {name: each for name, each in self._sessions.items() if each.until >= now}
        while len(self._sessions) >= SESSIONS_MAX:
            del self._sessions[next(iter(self._sessions))]


def _shown(packed: bytes, span: Span, value: dict[str, Any]) -> dict[str, Any]:
    """Return a value with its bytes, and its text for people; of a secret key only that there is one."""
    value["permissions"] = f"{int(span.permissions) & 0x0F:04b}"
    data = values.data_of(packed, span)
    if span.type.upper().startswith(_SECRET_TYPE):
        return value | {"data": None, "hidden": True, "bytes": len(data), "hex": "", "text": None}
    text = TYPES.data_text(span.type.decode(errors="replace"), data)
    return value | {"hidden": False, "bytes": len(data), "hex": data.hex(), "text": text}


def _answered(
    call: Callable[[web.Request], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler that answers with what a call returns, or with what it raises."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return _json(await call(request))
        except MalformedRequest as error:
            return _json({"message": str(error)}, 400)
        except AuthenticationNeeded:
            return _json({"message": "Sign in first: POST /api/v1/identity"}, 401)
        except AuthenticationFailed:
            # Not 401: a browser would ask for the port's own token.
            return _json({"message": "The secret does not prove this identity"}, 403)
        except (ServiceError, RegistryError) as error:
            said = text_for(error) or _words(type(error).__name__)
            return _json({"message": said}, answer_for(error).http_status)

    return answer


def _words(name: str) -> str:
    """Return the name of an error as words: ``HandleNotFound`` is "Handle not found"."""
    return (
        "".join(f" {each.lower()}" if each.isupper() else each for each in name)
        .strip()
        .capitalize()
    )


def _handle(request: web.Request) -> bytes:
    handle = request.match_info["handle"].encode(errors="replace")
    if len(handle) > HANDLE_BYTES_MAX or b"/" not in handle:
        raise InvalidHandle("A handle is PREFIX/SUFFIX")
    return handle


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", str(LIMIT))
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= LIMIT_MAX:
        raise web.HTTPBadRequest(reason=f"limit is a number from 1 to {LIMIT_MAX}")
    return int(text)


def _index(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise web.HTTPBadRequest(reason="An index is a number: 301:0.NA/PREFIX")
    return int(text)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        found = orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise web.HTTPBadRequest(reason="The body is no JSON") from error
    if not isinstance(found, dict):
        raise web.HTTPBadRequest(reason="The body is no object")
    return found


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
