"""Reading: ``GET``, ``HEAD`` and ``POST`` of ``/api/handles/{handle}`` (handle-http-api.md §3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiohttp import hdrs

from idnode.node.faces.handle_json.record_response import DateHeader, RecordResponse, may_be_plain
from idnode.node.faces.http.arrival import arrival
from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.parameters import all_parameters, handle_in_path
from idnode.node.faces.http.replies import PLANNED, json_response
from idnode.node.faces.http.values_json import record_body, value_objects
from idnode.node.interceptors.exchange import note_answered
from idnode.node.service import events
from idnode.registry.errors import ValuesNotFound
from idnode.registry.fetching import NotFetched, fetched
from idnode.registry.handle import values
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.model import Permission
from idnode.registry.handle.names import complete, prefix_of
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.parameters import Parameters
    from idnode.node.faces.http.services import Freshness, Services
    from idnode.node.service.identifiers.credentials import Identity

PATH: Final = "/api/handles/"

CACHE_HEADER: Final = "X-Idnode-Cache"
"""Says what a recursive node's cache knew: hit, miss or stale."""


def requested_handle(request: web.Request) -> bytes:
    """Return the handle in the path of a request under `PATH`, percent-decoded."""
    return handle_in_path(request.rel_url.raw_path, len(PATH))


def insist_on_text(handle: bytes) -> bytes:
    """Return a handle that can be told from others, unchanged.

    Raises:
        InvalidHandle: Empty, or not UTF-8.

    """
    if not handle:
        raise InvalidHandle("Empty handle invalid")
    if not handle.isascii():
        try:
            handle.decode()
        except UnicodeDecodeError as error:
            raise InvalidHandle("Handle is not valid UTF-8") from error
    return handle


class Reading:
    """Resolution over JSON."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._resolve = services.resolver.resolve
        self._elapsed = services.clock.elapsed
        self._now = services.clock.now
        self._date = DateHeader()
        self._freshness = services.freshness
        self._answered = services.observer.answered
        self._resolved = services.observer.resolved

    async def read(self, request: web.Request) -> web.StreamResponse:
        """Answer GET and HEAD; the plain question of a stranger takes the short way.

        No route of the application does more per request than this one, so it is written out flat.
        """
        response = self.read_plain(request)
        return await self.read_with_parameters(request) if response is None else response

    def read_plain(self, request: web.Request) -> web.StreamResponse | None:
        """Return the answer to a plain question that has one, None to any other."""
        url = request.rel_url
        if self._freshness is not None:  # its answers say how fresh they are
            return None
        if url.raw_query_string or hdrs.AUTHORIZATION in request.headers:
            return None
        started = arrival(request, self._services.clock)
        handle = handle_in_path(url.raw_path, len(PATH))
        try:
            text = handle.decode()
            body = record_body(text, self._resolve(handle))
        except (*PLANNED, UnicodeDecodeError, NotFetched):
            return None
        prefix = prefix_of(handle)
        self._resolved(1, prefix, 1)
        self._answered(events.RESOLVE, 1, prefix, self._elapsed() - started)
        if may_be_plain(request):
            return RecordResponse(body, self._date.text(self._now()))
        note_answered(events.RESOLVE, 1, handle)
        return json_response(body)

    async def read_with_parameters(
        self, request: web.Request, started: float | None = None
    ) -> web.StreamResponse:
        """Answer a resolution of any kind, POST included."""
        return await self.answer(request, requested_handle(request), started=started)

    async def answer(
        self,
        request: web.Request,
        handle: bytes,
        parameters: Parameters | None = None,
        started: float | None = None,
    ) -> web.StreamResponse:
        """Answer a resolution of this handle; ``parameters`` are those of the request if they are read already."""
        exchange = HttpExchange(self._services, request, events.RESOLVE, handle, started)
        try:
            insist_on_text(handle)
            identity = await self._services.authorization.identity(request)
            asked = await all_parameters(request) if parameters is None else parameters
            packed = await fetched(partial(self._select, handle, identity, asked))
        except ValuesNotFound:
            return exchange.answer(200, _nothing(exchange.text))
        except PLANNED as error:
            return exchange.refused(error)
        members = {"responseCode": 1, "handle": exchange.text, "values": value_objects(packed)}
        response = exchange.answer(200, members)
        if self._freshness is not None:
            _tell(response, self._freshness(complete(handle)))
        return response

    def _select(self, handle: bytes, identity: Identity | None, parameters: Parameters) -> bytes:
        """Return the packed values that were asked for and may be seen.

        Without ``publicOnly`` restricted values are asked for by those who are logged in, and then take
        the right to read them. A value that not even administrators may read is in no answer.
        """
        public_only = parameters.flag("publicOnly", otherwise=identity is None)
        packed = self._resolve(
            handle,
            indexes=parameters.integers("index"),
            types=[text.encode(errors="replace") for text in parameters.all("type")],
            public_only=public_only,
            refer=not parameters.flag("doNotRefer"),
            current=parameters.flag("auth"),
        )
        if public_only or values.all_public(packed):
            return packed
        readable = [
            (span.permissions, packed[span.start : span.end])
            for span in values.spans(packed)
            if span.permissions & (Permission.ADMIN_READ | Permission.PUBLIC_READ)
        ]
        if not readable:
            raise ValuesNotFound
        if any(not permissions & Permission.PUBLIC_READ for permissions, _value in readable):
            self._services.permissions.require(identity, Right.READ_VALUE, complete(handle))
        return values.join([value for _permissions, value in readable])


def _tell(response: web.Response, fresh: Freshness) -> None:
    """Say how fresh an answer is that was remembered (RFC 9111 §5.1; the warning as RFC 7234 §5.5.1 had it)."""
    response.headers["Age"] = str(fresh.age)
    response.headers[CACHE_HEADER] = fresh.result
    if fresh.result == "stale":
        response.headers["Warning"] = '110 - "Response is Stale"'


def _nothing(handle: str | None) -> dict[str, Any]:
    """Return the answer when nothing of a record matches: a success of its own kind."""
    return {"responseCode": int(ResponseCode.VALUES_NOT_FOUND), "values": [], "handle": handle}
