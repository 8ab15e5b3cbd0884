"""The handles of a prefix (handle-http-api.md §3).

Pages are numbered in this API, while the register lists from a handle on. A small memory of where each page
began turns reading page after page into one step a page.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.node.faces.http.listers import lister
from idnode.node.faces.http.parameters import all_parameters, integer
from idnode.node.faces.http.replies import JSON_TYPE, PLANNED, SERVER, add_cors, add_request_id
from idnode.node.service import events
from idnode.registry.errors import HandleNotFound
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.names import PREFIX_HANDLE_START, fold
from idnode.registry.limits import PAGE_HANDLES_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from idnode.node.faces.http.parameters import Parameters
    from idnode.node.faces.http.services import Services
    from idnode.node.service.identifiers.credentials import Identity

CURSORS_MAX: Final = 512
"""Page beginnings that are remembered, over all listings; the least used are forgotten."""

STEP_HANDLES: Final = 1000
"""Handles that are read between two turns of the event loop. A list without pages that is longer is
streamed, which bounds memory."""


class Cursors:
    """Tells where pages begin: the handle before the first one, by prefix, page size and page number."""

    def __init__(self, size_max: int = CURSORS_MAX) -> None:
        self._size_max = size_max
        self._pages: OrderedDict[tuple[bytes, int], dict[int, bytes]] = OrderedDict()
        self._size = 0

    def nearest(self, prefix: bytes, page_size: int, page: int) -> tuple[int, bytes]:
        """Return the last page at or before this one whose beginning is known, and its cursor."""
        known = self._pages.get((prefix, page_size))
        if not known:
            return 0, b""
        self._pages.move_to_end((prefix, page_size))
        if page in known:
            return page, known[page]
        before = max((number for number in known if number < page), default=0)
        return before, known.get(before, b"")

    def remember(self, prefix: bytes, page_size: int, page: int, cursor: bytes) -> None:
        """Keep where a page begins."""
        known = self._pages.setdefault((prefix, page_size), {})
        if page not in known:
            while self._size >= self._size_max:
                self._forget()
            known = self._pages.setdefault((prefix, page_size), {})
            self._size += 1
        known[page] = cursor
        self._pages.move_to_end((prefix, page_size))

    def _forget(self) -> None:
        """Drop the lowest page of the listing that was used least recently."""
        oldest, known = next(iter(self._pages.items()))
        if known:
            del known[min(known)]
            self._size -= 1
        if not known:
            del self._pages[oldest]


class Listing:
    """Lists handles for those who may."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._cursors = Cursors()

    async def handles(self, request: web.Request) -> web.StreamResponse:
        """Answer ``GET /api/handles?prefix=P``."""
        exchange = HttpExchange(self._services, request, events.LIST)
        try:
            parameters = await all_parameters(request)
            prefix = parameters.first("prefix")
            if not prefix:
                raise InvalidHandle("Empty handle invalid")
            exchange.handle, exchange.text = prefix.encode(errors="replace"), prefix
            identity = await lister(self._services, request, _prefix(exchange))
            if "page" in parameters or "pageSize" in parameters:
                return await self._page(exchange, identity, parameters)
            return await self._whole(exchange, identity)
        except PLANNED as error:
            return exchange.refused(error)

    async def delete_nothing(self, request: web.Request) -> web.StreamResponse:
        """Answer ``DELETE /api/handles/``: nothing is not found."""
        exchange = HttpExchange(self._services, request, events.DELETE)
        try:
            await self._services.authorization.identity(request)
            raise HandleNotFound
        except PLANNED as error:
            return exchange.refused(error)

    async def _page(
        self, exchange: HttpExchange, identity: Identity | None, parameters: Parameters
    ) -> web.StreamResponse:
        page = integer(parameters.first("page") or "0")
        page_size = integer(parameters.first("pageSize") or "0")
        if page < 0 or page_size < 0:
            raise MalformedRequest("java.lang.IllegalArgumentException: page and pageSize count up")
        prefix = _prefix(exchange)
        await self._services.registrar.list_handles(identity, prefix, limit=1)
        handles: list[bytes] = []
        if page_size > 0 and page * page_size < await self._services.count(prefix):
            handles = await self._seek(identity, prefix, page, page_size)
        members = await self._head(exchange, prefix)
        members |= {"page": page, "pageSize": page_size, "handles": _texts(handles)}
        return exchange.answer(200, members)

    async def _seek(
        self, identity: Identity | None, prefix: bytes, page: int, page_size: int
    ) -> list[bytes]:
        """Return the handles of one page, walking from the nearest page whose beginning is known."""
        known, start = self._cursors.nearest(prefix, page_size, page)
        at = known * page_size
        reached, nearer = self._services.seek(prefix, page * page_size)
        if reached > at:
            at, start = reached, nearer
        cursor: bytes | None = start
        async for _, after in self._steps(identity, prefix, start, page * page_size - at):
            cursor = after
        if cursor is None:
            return []
        if page:
            self._cursors.remember(prefix, page_size, page, cursor)
        handles: list[bytes] = []
        following: bytes | None = None
        limit = min(page_size, PAGE_HANDLES_MAX)
        async for step, after in self._steps(identity, prefix, cursor, limit):
            handles += step
            following = after
        if following is not None and limit == page_size:
            self._cursors.remember(prefix, page_size, page + 1, following)
        return handles

    async def _steps(
        self, identity: Identity | None, prefix: bytes, after: bytes | None, limit: int | None
    ) -> AsyncIterator[tuple[list[bytes], bytes | None]]:
        """Yield handles of a prefix in steps, at most ``limit`` in all, each with the cursor behind it."""
        left = limit
        while after is not None and left != 0:
            step = STEP_HANDLES if left is None else min(left, STEP_HANDLES)
            found = await self._services.registrar.list_handles(
                identity, prefix, after=after, limit=step
            )
            after = found.after
            yield found.handles, after
            if left is not None:
                left = left - len(found.handles) if found.handles else 0
            await asyncio.sleep(0)

    async def _head(self, exchange: HttpExchange, prefix: bytes) -> dict[str, Any]:
        return {
            "responseCode": 1,
            "prefix": exchange.text,
            "totalCount": str(await self._services.count(prefix)),
        }

    async def _whole(self, exchange: HttpExchange, identity: Identity | None) -> web.StreamResponse:
        prefix = _prefix(exchange)
        found = await self._services.registrar.list_handles(identity, prefix, limit=STEP_HANDLES)
        members = await self._head(exchange, prefix)
        if found.after is None:
            members["handles"] = _texts(found.handles)
            return exchange.answer(200, members)
        return await self._stream(exchange, identity, prefix, members)

    async def _stream(
        self,
        exchange: HttpExchange,
        identity: Identity | None,
        prefix: bytes,
        members: dict[str, Any],
    ) -> web.StreamResponse:
        """Write a long list piece by piece; it is neither indented nor wrapped into a script call."""
        response = web.StreamResponse(headers={"Content-Type": JSON_TYPE, "Server": SERVER})
        if "Origin" in exchange.request.headers:
            add_cors(exchange.request, response)
        add_request_id(response)
        await response.prepare(exchange.request)
        await response.write(orjson.dumps(members)[:-1] + b',"handles":[')
        try:
            await self._write_list(response, identity, prefix)
        except PLANNED:
            # The status is out already: only a broken connection can still tell that the list is not whole.
            if exchange.request.transport is not None:
                exchange.request.transport.abort()
            return response
        await response.write(b"]}")
        exchange.note(1)
        return response

    async def _write_list(
        self, response: web.StreamResponse, identity: Identity | None, prefix: bytes
    ) -> None:
        comma = b""
        async for handles, _after in self._steps(identity, prefix, b"", None):
            if handles:
                await response.write(comma + orjson.dumps(_texts(handles))[1:-1])
                comma = b","


def _prefix(exchange: HttpExchange) -> bytes:
    """Return the folded prefix that a listing asks for, also when it is given as its prefix handle."""
    assert exchange.handle is not None
    return fold(exchange.handle).removeprefix(PREFIX_HANDLE_START)


def _texts(handles: list[bytes]) -> list[str]:
    """Return handles as the original lists them: upper-cased."""
    return [fold(handle).decode() for handle in handles]
