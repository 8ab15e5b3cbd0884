"""``POST /api/v1/identifiers/batch``: register many identifiers with one request."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from idnode.node.faces.bulk.failures import MALFORMED, failure_of
from idnode.node.faces.bulk.formats import (
    body_bytes_max,
    encoding_of,
    read_items,
    wanted_encoding,
    write_counts,
)
from idnode.node.faces.bulk.items import ItemPacker, MalformedItem
from idnode.node.faces.bulk.read import ReadWork
from idnode.node.faces.http.body import read_body
from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.parameters import query_parameters
from idnode.node.faces.http.replies import PLANNED, SERVER
from idnode.node.service import events
from idnode.node.service.errors import AuthenticationNeeded
from idnode.registry.errors import BatchAborted
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.names import prefix_of
from idnode.registry.mutation import Applied

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idnode.node.faces.bulk.formats import Encoding
    from idnode.node.faces.http.services import Services
    from idnode.node.service.errors import ServiceError
    from idnode.node.service.identifiers.credentials import Identity

SLICE_ITEMS: Final = 250
"""Items between two turns of the event loop, one or two milliseconds of work."""


BATCHES_AT_ONCE_MAX: Final = 16
"""Batches that are read and carried out at the same time; more wait, unread, so that memory is bounded."""


class BatchRegistration:
    """Takes batches, and says of each item that was refused where it stood and why."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._room = asyncio.Semaphore(BATCHES_AT_ONCE_MAX)

    async def register(self, request: web.Request) -> web.StreamResponse:
        """Answer one batch."""
        exchange = HttpExchange(self._services, request, events.BATCH_REGISTER)
        try:
            identity = await self._services.authorization.identity(request)
            if identity is None:
                raise AuthenticationNeeded
            encoding = encoding_of(request.content_type)
            parameters = query_parameters(request)
            overwrite = parameters.flag("overwrite")
            async with self._room:
                body = await read_body(request, body_bytes_max(encoding))
                work = await self._take(identity, body, encoding, overwrite=overwrite)
                await work.carry_out(
                    identity,
                    all_or_nothing=parameters.flag("all_or_nothing"),
                    overwrite=overwrite,
                )
        except PLANNED as error:
            return exchange.refused(error)
        accept = wanted_encoding(request.headers.get("Accept", ""), encoding)
        answer = write_counts(work.accepted, work.failures, accept)
        exchange.handle = work.first_handle
        exchange.note(1)
        return web.Response(body=answer, headers={"Content-Type": accept.value, "Server": SERVER})

    async def _take(
        self, identity: Identity, body: bytes, encoding: Encoding, *, overwrite: bool
    ) -> ReadWork | _Work:
        """Read a body, in the register if it does that; raises as `_Work.take`."""
        read = await ReadWork.take(self._services, identity, body, encoding, overwrite=overwrite)
        if read is not None:
            return read
        work = _Work(self._services)
        await work.take(body, encoding)
        return work


class _Work:
    """One batch: the items that can be tried, and the failures so far."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.items: list[tuple[bytes, bytes]] = []
        self.failures: list[dict[str, Any]] = []
        self.accepted = 0
        self._positions: list[int] | None = None

    @property
    def first_handle(self) -> bytes | None:
        """The handle of the first item that has one."""
        return self.items[0][0] if self.items else None

    async def take(self, body: bytes, encoding: Encoding) -> None:
        """Read and pack every item, a slice at a time; malformed ones become failures.

        Raises:
            BodyRefused: The body as a whole is unreadable.
            BatchTooLarge: More items than one request may have.

        """
        pack = ItemPacker(int(self._services.clock.now())).pack
        append = self.items.append
        position = -1
        for position, item in enumerate(read_items(body, encoding)):
            try:
                append(pack(item))
            except RegistryError as error:
                self._refuse(position, item if isinstance(item, MalformedItem) else error)
            else:
                if self._positions is not None:
                    self._positions.append(position)
            if not position % SLICE_ITEMS:
                await asyncio.sleep(0)

    def _refuse(self, position: int, error: RegistryError) -> None:
        """Note a failure; from the first one on, items no longer stand where they stood in the body."""
        if self._positions is None:
            self._positions = list(range(len(self.items)))
        self.failures.append(failure_of(position, error, None))

    async def carry_out(self, identity: Identity, *, all_or_nothing: bool, overwrite: bool) -> None:
        """Register what was taken, and note what was refused.

        Raises:
            ServiceError: The batch as a whole was refused.
            RegistryError: Likewise; nothing was taken.

        """
        malformed = len(self.failures)
        outcomes: Iterable[Applied | RegistryError | ServiceError]
        if malformed and all_or_nothing:
            aborted = BatchAborted("Another item of the batch was refused")
            outcomes = [aborted] * len(self.items)
        else:
            outcomes = await self._services.registrar.batch(
                identity,
                self.items,
                all_or_nothing=all_or_nothing,
                overwrite=overwrite,
                prepared=True,
            )
        counted = Counter({(MALFORMED, b""): malformed})
        await self._judge(outcomes, counted)
        for (code, prefix), count in counted.items():
            if count:
                self._services.observer.registered(code, prefix, count)
        self.failures.sort(key=_position)

    async def _judge(
        self,
        outcomes: Iterable[Applied | RegistryError | ServiceError],
        counted: Counter[tuple[int, bytes]],
    ) -> None:
        """Count outcomes by response code and prefix, and describe the failed ones."""
        start = b"/"
        prefix = b""
        run = 0
        for number, outcome in enumerate(outcomes):
            handle = self.items[number][0]
            if not handle.startswith(start):
                counted[1, prefix] += run
                run = 0
                prefix = prefix_of(handle)
                start = prefix + b"/"
            if type(outcome) is Applied:
                run += 1
                self.accepted += 1
            elif not isinstance(outcome, Applied):
                position = number if self._positions is None else self._positions[number]
                failure = failure_of(position, outcome, handle)
                self.failures.append(failure)
                counted[failure["code"], prefix] += 1
            if number % 1000 == 999:
                await asyncio.sleep(0)
        counted[1, prefix] += run


def _position(failure: dict[str, Any]) -> int:
    position = failure["position"]
    assert isinstance(position, int)
    return position
