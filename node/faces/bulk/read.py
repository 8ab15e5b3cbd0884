"""A batch whose items the register reads by itself: only what it does not recognise is looked at here."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from idnode.node.faces.bulk.failures import MALFORMED, failure_of
from idnode.node.faces.bulk.formats import Encoding, broken, more_behind, read_item, too_many
from idnode.node.faces.bulk.items import ItemPacker, MalformedItem
from idnode.registry.errors import BatchAborted
from idnode.registry.handle.errors import RegistryError

if TYPE_CHECKING:
    from idnode.node.faces.http.services import Services
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.registry.register import RequestBatch

_SLICE_ITEMS: Final = 250
"""Odd items, or failures, between two turns of the event loop."""


class ReadWork:
    """One batch that the register has read; the same to its caller as `idnode.node.faces.bulk.batch._Work`."""

    def __init__(self, services: Services, batch: RequestBatch) -> None:
        self._services = services
        self._batch = batch
        self._unrecognised: list[tuple[int, bytes, bytes]] = []
        self._malformed = 0
        self.failures: list[dict[str, Any]] = []

    @classmethod
    async def take(
        cls,
        services: Services,
        identity: Identity,
        body: bytes,
        encoding: Encoding,
        *,
        overwrite: bool,
    ) -> ReadWork | None:
        """Have the register read a body; ``None`` when it does not.

        Raises:
            BodyRefused: The body as a whole is unreadable.
            BatchTooLarge: More items than one request may have.

        """
        if encoding is Encoding.JSON:
            return None
        lines = encoding is Encoding.NDJSON
        batch = await services.registrar.read_batch(
            identity, body, lines=lines, overwrite=overwrite
        )
        if batch is None:
            return None
        if batch.too_many:
            raise too_many()
        if batch.broken:
            raise broken()
        work = cls(services, batch)
        await work._judge(encoding)
        if batch.more_behind:
            raise more_behind()
        return work

    async def _judge(self, encoding: Encoding) -> None:
        """Read and pack what the register did not recognise."""
        pack = ItemPacker(int(self._services.clock.now())).pack
        for number, (position, source) in enumerate(self._batch.unrecognised()):
            item = read_item(source, encoding)
            try:
                self._unrecognised.append((position, *pack(item)))
            except RegistryError as error:
                self._malformed += 1
                self._batch.refuse(position, item if isinstance(item, MalformedItem) else error)
            if not number % _SLICE_ITEMS:
                await asyncio.sleep(0)

    async def carry_out(self, identity: Identity, *, all_or_nothing: bool, overwrite: bool) -> None:
        """Register what was taken, and note what was refused.

        Raises:
            ServiceError: The batch as a whole was refused.
            RegistryError: Likewise; nothing was taken.

        """
        if self._malformed and all_or_nothing:
            aborted = BatchAborted("Another item of the batch was refused")
            for position, handle, _packed in self._unrecognised:
                self._batch.refuse(position, aborted, handle)
            self._batch.abort()
        else:
            await self._services.registrar.batch_read(
                identity,
                self._batch,
                self._unrecognised,
                all_or_nothing=all_or_nothing,
                overwrite=overwrite,
            )
        counted = Counter(
            {(1, prefix): n for prefix, n in self._batch.accepted_by_prefix().items()}
        )
        await self._describe(counted)
        for (code, prefix), count in counted.items():
            self._services.observer.registered(code, prefix, count)

    async def _describe(self, counted: Counter[tuple[int, bytes]]) -> None:
        """Describe what was refused, and count it by response code and prefix."""
        for number, (position, error, handle) in enumerate(self._batch.failures()):
            failure = failure_of(position, error, handle)
            self.failures.append(failure)
            prefix = b"" if handle is None else handle.partition(b"/")[0]
            counted[failure["code"] if handle is not None else MALFORMED, prefix] += 1
            if not number % _SLICE_ITEMS:
                await asyncio.sleep(0)

    @property
    def accepted(self) -> int:
        """Items that were registered."""
        return self._batch.accepted

    @property
    def first_handle(self) -> bytes | None:
        """The handle of the first item that has one."""
        return self._batch.first_handle()
