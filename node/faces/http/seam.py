"""An HTTP request on its way through the interceptors, and the steps in which its answer leaves.

Exists only while there are interceptors. What an interceptor leaves as it is, or only delays, leaves the way that
it always does; any other plan is written to the connection piece by piece. An answer that is streamed has left
when the interceptors see it: of their plan only waiting and closing is carried out.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from multidict import CIMultiDict

from idnode.node.faces.http.arrival import arrival
from idnode.node.faces.http.body import Unreadable
from idnode.node.interceptors.actions import PROCEED, Close, Send, Wait
from idnode.node.interceptors.exchange import (
    HTTP,
    ID_CHARACTERS_MAX,
    Exchange,
    HttpAnswer,
    HttpRequest,
    current,
)
from idnode.node.interceptors.exchange import REQUEST_ID_HEADER as REQUEST_ID
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from idnode.node.interceptors.actions import Plan
    from idnode.node.interceptors.chain import Interceptors
    from idnode.registry.handle.clock import Clock

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_AN_ID: Final = re.compile(rf"[!-~]{{1,{ID_CHARACTERS_MAX}}}")


class Seam:
    """Takes the requests of one face to the interceptors; a handler asks ``interceptors.active`` first."""

    __slots__ = ("_clock", "_face", "interceptors")

    def __init__(self, interceptors: Interceptors, face: str, clock: Clock) -> None:
        self.interceptors = interceptors
        self._face = face
        self._clock = clock

    async def carry(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request by its handler, as far as the interceptors let it."""
        exchange = self._exchange(request)
        plan = self.interceptors.request(exchange)
        if plan is not None:
            early = PROCEED not in plan
            if early:
                plan = self.interceptors.reply(exchange, _identified(plan, exchange.id))
            answered = await _carry_out(plan, request)
            if early or answered.closed:
                return answered
        token = current.set(exchange)
        try:
            response = await handler(request)
        finally:
            current.reset(token)
        if isinstance(exchange.error, Unreadable | ProtocolError):
            self.interceptors.malformed(exchange, exchange.error)
        if not response.prepared:
            response.headers[REQUEST_ID] = exchange.id
        answer = exchange.answer = _answer_of(request, response)
        plan = self.interceptors.reply(exchange, (Send(answer),))
        return await _leave(plan, answer, request, response)

    def unreadable(
        self, request: web.BaseRequest, error: BaseException, response: web.Response
    ) -> None:
        """Show the interceptors bytes that are no HTTP, and what is answered; they cannot change that."""
        exchange = Exchange(
            HTTP,
            HttpRequest("", "", {}),
            started=arrival(request, self._clock),
            peer=_peer_of(request),
            connection=_connection_of(request),
        )
        self.interceptors.request(exchange)
        self.interceptors.malformed(exchange, error)
        answer = exchange.answer = _answer_of(request, response)
        self.interceptors.reply(exchange, (Send(answer),))

    def _exchange(self, request: web.Request) -> Exchange:
        exchange = Exchange(
            self._face,
            HttpRequest(request.method, request.path_qs, request.headers),
            started=arrival(request, self._clock),
            peer=_peer_of(request),
            connection=_connection_of(request),
        )
        own = request.headers.get(REQUEST_ID, "")
        if _AN_ID.fullmatch(own):
            exchange.id = own
        return exchange


class _Sent(web.StreamResponse):
    """An answer that has been written as far as it ever will be."""

    def __init__(self, *, keep_alive: bool, closed: bool) -> None:
        super().__init__()
        self.closed = closed
        self._stays = keep_alive and not closed

    @property
    def prepared(self) -> bool:
        """Return whether the answer was begun."""
        return True

    @property
    def keep_alive(self) -> bool:
        """Return whether the connection stays open."""
        return self._stays

    async def prepare(self, request: web.BaseRequest) -> None:
        """Do nothing."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing."""


def _identified(plan: Plan, request_id: str) -> Plan:
    """Return a plan for an early answer with the request's id in its HTTP answers."""
    return tuple(
        Send(replace(step.content, headers=(*step.content.headers, (REQUEST_ID, request_id))))
        if isinstance(step, Send) and isinstance(step.content, HttpAnswer)
        else step
        for step in plan
    )


def _peer_of(request: web.BaseRequest) -> tuple[Any, ...]:
    transport = request.transport
    return () if transport is None else transport.get_extra_info("peername") or ()


def _connection_of(request: web.BaseRequest) -> int:
    return getattr(request.protocol, "number", 0)


def _answer_of(request: web.BaseRequest, response: web.StreamResponse) -> HttpAnswer:
    headers = tuple(response.headers.items())
    if response.prepared or not isinstance(response, web.Response):
        return HttpAnswer(response.status, headers, streamed=True)
    body = response.body
    content = bytes(body) if isinstance(body, bytes | bytearray | memoryview) else b""
    if request.method == "HEAD":
        return HttpAnswer(response.status, (*headers, ("Content-Length", str(len(content)))))
    return HttpAnswer(response.status, headers, content)


async def _leave(
    plan: Plan, answer: HttpAnswer, request: web.Request, response: web.StreamResponse
) -> web.StreamResponse:
    """Carry out the plan for the answer that a handler made."""
    if answer.streamed:
        rest = tuple(step for step in plan if not isinstance(step, Send))
        return (await _carry_out(rest, request)) if rest else response
    *before, last = plan or (Close(),)
    whole = isinstance(last, Send) and not isinstance(last.content, bytes)
    if not plan or not whole or not all(isinstance(step, Wait) for step in before):
        return await _carry_out(plan, request, stays=response.keep_alive is not False)
    await _carry_out(tuple(before), request)
    assert isinstance(last, Send)
    assert isinstance(last.content, HttpAnswer)
    return response if last.content is answer else _response_of(last.content)


def _response_of(answer: HttpAnswer) -> web.Response:
    headers = CIMultiDict(answer.headers)
    headers.popall("Content-Length", None)
    return web.Response(status=answer.status, headers=headers, body=answer.body)


async def _carry_out(plan: Plan, request: web.Request, *, stays: bool = True) -> _Sent:
    """Carry out steps on the connection itself."""
    for step in plan:
        transport = request.transport
        if transport is None:
            break
        if isinstance(step, Send):
            transport.write(step.wire)
        elif isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Close):
            if step.reset:
                transport.abort()
            else:
                transport.close()
            return _Sent(keep_alive=False, closed=True)
    return _Sent(keep_alive=stays and request.keep_alive, closed=False)
