"""The journal on the management port: lists, single entries, a live stream, assertions, exports."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from idnode.node.interceptors.journal import export
from idnode.node.interceptors.journal.query import Filter, FilterInvalid
from idnode.node.interceptors.journal.recorder import MODES
from idnode.node.interceptors.journal.verification import Verification, VerificationInvalid
from idnode.registry.fetching import fetched
from idnode.registry.handle.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from idnode.node.interceptors.journal.entry import Entry
    from idnode.node.interceptors.journal.recorder import Journal
    from idnode.node.interceptors.rules.near import NearMiss

PAGE_ENTRIES: Final = 100
PAGE_ENTRIES_MAX: Final = 1_000
STREAMS_MAX: Final = 16
"""Most live streams at once."""

PING_SECONDS: Final = 5.0
"""Time between two looks whether the reader of a stream is still there."""

_WAITING_MAX: Final = 1_000
"""Entries that a stream's reader may be behind; then the stream ends, for it would tell a gapped story."""

_PAGING: Final = ("after", "limit", "order", "most")

BATCHES_A_SECOND: Final = 4
"""Events a second of a stream that was asked for at most so many entries."""


class JournalCalls:
    """Serves ``/api/v1/journal``; ``near`` finds near misses, and nothing while the node is starting."""

    def __init__(
        self,
        journal: Journal,
        near: Callable[[Entry], list[NearMiss]],
        switch: Callable[[str], None],
        version: str,
    ) -> None:
        self._journal = journal
        self._near = near
        self._switch = switch
        self._version = version
        self._streams = 0

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/journal", self.page, allow_head=False),
            web.delete("/api/v1/journal", self.clear),
            web.put("/api/v1/journal/mode", self.mode),
            web.get("/api/v1/journal/stream", self.stream, allow_head=False),
            web.post("/api/v1/journal/verify", self.verify),
            web.get("/api/v1/journal/export/{form:har|pcapng|ndjson}", self.export),
            web.get("/api/v1/journal/{id}", self.entry, allow_head=False),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Answer with entries that match; ascending behind ``after``, or the latest ones first."""
        asked = request.query
        wanted = _filter(asked)
        limit = min(_integer(asked, "limit", PAGE_ENTRIES), PAGE_ENTRIES_MAX)
        ring = self._journal.ring
        if "after" in asked:
            source = ring.since(_integer(asked, "after", 0))
        elif asked.get("order") == "ascending":
            source = iter(ring)
        else:
            source = reversed(list(ring))
        found: list[Entry] = []
        for entry in source:
            if len(found) == limit:
                break
            if wanted.matches(entry):
                found.append(entry)
        return _json(
            {
                "items": [entry.as_summary() for entry in found],
                "last": ring.last_number,
                "lost": ring.lost,
                "unseen": self._journal.unseen(),
                "kept": len(ring),
                "bytes": ring.bytes,
                "mode": self._journal.mode,
            }
        )

    async def entry(self, request: web.Request) -> web.Response:
        """Answer with one entry, by number or request id, and with what its handle was probably meant to be."""
        found = self._journal.ring.get(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound(reason="There is no such entry, or not any more")
        data = found.as_data()
        if found.why is not None:
            data["near"] = [miss._asdict() for miss in await self._misses(found)]
        return _json(data)

    async def _misses(self, entry: Entry) -> list[NearMiss]:
        try:
            return await fetched(partial(self._near, entry))
        except RegistryError:
            return []  # the entry is worth reading while the register cannot be reached

    async def clear(self, _request: web.Request) -> web.Response:
        """Forget all entries."""
        return _json({"forgotten": self._journal.ring.clear()})

    async def mode(self, request: web.Request) -> web.Response:
        """Switch the journal to another mode."""
        found = await _body(request)
        mode = found.get("mode") if isinstance(found, dict) else None
        if mode not in MODES:
            raise web.HTTPBadRequest(reason=f"Expected a mode: one of {', '.join(MODES)}")
        self._switch(mode)
        return _json({"mode": mode})

    async def verify(self, request: web.Request) -> web.Response:
        """Answer whether the journal has what is expected, at once or as soon as it has."""
        try:
            verification = Verification.of(await _body(request))
        except VerificationInvalid as error:
            raise web.HTTPBadRequest(reason=_one_line(str(error))) from error
        verdict = await verification.wait(self._journal.ring)
        found = [entry.as_summary() for entry in verdict.found]
        return _json({"ok": verdict.ok, "message": verdict.message, "found": found})

    async def export(self, request: web.Request) -> web.Response:
        """Answer with entries that match, as a file."""
        wanted = _filter(request.query)
        entries = [entry for entry in self._journal.ring if wanted.matches(entry)]
        form = request.match_info["form"]
        if form == "har":
            body, kind = export.har(entries, self._version), export.HAR_TYPE
        elif form == "pcapng":
            body, kind = await asyncio.to_thread(export.pcapng, entries), export.PCAPNG_TYPE
        else:
            body, kind = export.ndjson(entries), export.NDJSON_TYPE
        name = f'attachment; filename="idnode.{form}"'
        return web.Response(body=body, content_type=kind, headers={"Content-Disposition": name})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send entries that match as server-sent events while they come, behind ``after`` if asked."""
        wanted = _filter(request.query)
        if self._streams >= STREAMS_MAX:
            raise web.HTTPServiceUnavailable(reason=f"At most {STREAMS_MAX} streams run at once")
        if "most" in request.query:
            return await self._sampled(request, wanted, _integer(request.query, "most", 0))
        waiting: asyncio.Queue[Entry | None] = asyncio.Queue()
        ring = self._journal.ring

        def take(entry: Entry) -> None:
            if waiting.qsize() == _WAITING_MAX:
                waiting.put_nowait(None)
            elif waiting.qsize() < _WAITING_MAX and wanted.matches(entry):
                waiting.put_nowait(entry)

        after = _integer(request.query, "after", ring.last_number)
        earlier = [entry for entry in ring.since(after) if wanted.matches(entry)]

        async def tell(response: EventSourceResponse) -> None:
            for entry in earlier:
                await response.send(_line(entry), id=str(entry.number))
            while (latest := await waiting.get()) is not None:
                await response.send(_line(latest), id=str(latest.number))

        return await self._streamed(request, take, tell)

    async def _sampled(self, request: web.Request, wanted: Filter, most: int) -> web.StreamResponse:
        """Send lists of the entries that match, at most so many a second, each with how many were left out.

        However fast entries come, one that is left out costs a comparison and an addition.
        """
        sample = _Sample(wanted, max(1, most // BATCHES_A_SECOND))

        async def tell(response: EventSourceResponse) -> None:
            while True:
                await sample.filled.wait()
                entries, left_out = sample.emptied()
                items = [entry.as_summary() for entry in entries]
                await response.send(orjson.dumps({"items": items, "left_out": left_out}).decode())
                await asyncio.sleep(1 / BATCHES_A_SECOND)

        return await self._streamed(request, sample.take, tell)

    async def _streamed(
        self,
        request: web.Request,
        take: Callable[[Entry], None],
        tell: Callable[[EventSourceResponse], Awaitable[None]],
    ) -> web.StreamResponse:
        """Give entries to ``take`` while ``tell`` sends events, until it ends or the reader has gone.

        A reader that has gone gives up its place, even if no entry comes any more that could not be sent.
        """
        stop = self._journal.ring.listen(take)
        self._streams += 1
        answer: web.StreamResponse = web.Response()  # to whoever has gone before anything was sent
        try:
            async with sse_response(request, ping_interval=PING_SECONDS) as response:
                answer = response
                async with asyncio.TaskGroup() as together:
                    leaving = together.create_task(_until_gone(response))
                    await tell(response)
                    leaving.cancel()
        except* ConnectionError:
            pass  # whoever read it has gone
        finally:
            self._streams -= 1
            stop()
        return answer


async def _until_gone(response: EventSourceResponse) -> None:
    """Raise `ConnectionResetError` once the reader of events has gone."""
    await response.wait()
    raise ConnectionResetError


class _Sample:
    """Keeps the first entries that match, until it is emptied, and counts those that came behind them."""

    def __init__(self, wanted: Filter, most: int) -> None:
        self._wanted = wanted
        self._most = most
        self._entries: list[Entry] = []
        self._left_out = 0
        self.filled = asyncio.Event()
        """Set once there is something to send."""

    def take(self, entry: Entry) -> None:
        """Keep an entry if it matches and there is room; once there is none, matching or not, it is counted."""
        if len(self._entries) >= self._most:
            self._left_out += 1
        elif self._wanted.matches(entry):
            self._entries.append(entry)
            self.filled.set()

    def emptied(self) -> tuple[list[Entry], int]:
        """Return what there is, and begin anew."""
        found = self._entries, self._left_out
        self._entries, self._left_out = [], 0
        self.filled.clear()
        return found


def _line(entry: Entry) -> str:
    return orjson.dumps(entry.as_summary()).decode()


def _filter(asked: Mapping[str, str]) -> Filter:
    try:
        return Filter.of({name: asked[name] for name in asked if name not in _PAGING})
    except FilterInvalid as error:
        raise web.HTTPBadRequest(reason=_one_line(str(error))) from error


def _integer(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name)
    if text is None:
        return otherwise
    if not text.isdecimal() or len(text) > 18:
        raise web.HTTPBadRequest(reason=f"{name} takes a number")
    return int(text)


async def _body(request: web.Request) -> Any:
    """Return the JSON of a request; its content type is insisted on, for no page in a browser sends it unasked."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Expected application/json")
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise web.HTTPBadRequest(reason="The body is no JSON") from error


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _json(body: Any) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
