"""Identifiers over HTTP: H1 to H7 (snms-api.md §6)."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from idnode.node.faces.http.values_json import text_or_base64
from idnode.node.faces.snms.exchange import code_of
from idnode.node.faces.snms.models import HandleKey, Identifier
from idnode.node.faces.snms.reading import Items, query_text, read_array, read_model
from idnode.node.faces.snms.texts import (
    SUCCESS,
    SUCCESS_TEXT,
    ParameterRefused,
    item_text,
    said_of,
    wrong_type,
)
from idnode.node.interceptors.exchange import note_handle
from idnode.node.service.directory.refusals import TooManyItems
from idnode.node.service.directory.templated import HANDLE_CHARACTERS_MAX, NewRecord
from idnode.node.service.errors import ServiceError
from idnode.registry.fetching import fetched
from idnode.registry.handle import values
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.limits import SNMS_BATCH_ITEMS_MAX
from idnode.registry.handle.names import prefix_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiohttp import web

    from idnode.node.faces.snms.exchange import SnmsServices
    from idnode.node.service.directory.templated import ItemError
    from idnode.registry.directory.entries import AccountEntry

_SLICE_ITEMS: Final = 250
"""Items read between two turns of the event loop: a few milliseconds of work."""

_read_item = Items(Identifier).read


class IdentifierCalls:
    """The calls under ``/identityv2/data``."""

    def __init__(self, services: SnmsServices) -> None:
        self._services = services
        self._identifiers = services.identifiers
        self._observer = services.observer

    async def detail(self, request: web.Request) -> Any:
        """Return an identifier (H1); without a token if the node is set so."""
        if not self._services.public_resolve:
            self._services.account(request)
        return await self.query(request)

    async def query(self, request: web.Request) -> Any:
        """Return an identifier to anybody (the older public query)."""
        handle = query_text(request, "handle", HANDLE_CHARACTERS_MAX)
        note_handle(handle.encode(errors="replace"))
        prefix = prefix_of(handle.encode(errors="replace"))
        try:
            found = await fetched(partial(self._identifiers.detail, handle))
        except (RegistryError, ServiceError) as error:
            self._observer.resolved(code_of(error), prefix, 1)
            raise
        self._observer.resolved(1, prefix, 1)
        return {
            "code": "200",
            "prefix": prefix.decode(),
            "handle": found.handle,
            "templateVersion": found.version,
            "value": [
                {
                    "auth": "1",
                    "index": span.index,
                    "type": span.type.decode(errors="replace"),
                    "data": text_or_base64(values.data_of(found.packed, span)),
                }
                for span in values.spans(found.packed)
            ],
        }

    async def create(self, request: web.Request) -> Any:
        """Register an identifier (H2)."""
        account = self._services.account(request)
        record = _record(await read_model(request, Identifier))
        note_handle(record.handle.encode())
        prefix = prefix_of(record.handle.encode())
        try:
            await self._identifiers.create(account, record)
        except (RegistryError, ServiceError) as error:
            self._observer.registered(code_of(error), prefix, 1)
            raise
        self._observer.registered(1, prefix, 1)
        return True

    async def update(self, request: web.Request) -> Any:
        """Change an identifier (H4)."""
        account = self._services.account(request)
        record = _record(await read_model(request, Identifier))
        note_handle(record.handle.encode())
        await self._identifiers.update(account, record)
        return True

    async def delete(self, request: web.Request) -> Any:
        """Delete an identifier (H6)."""
        account = self._services.account(request)
        key = await read_model(request, HandleKey)
        note_handle(key.handle.encode())
        await self._identifiers.delete(account, key.handle)
        return True

    async def batch_create(self, request: web.Request) -> Any:
        """Register many identifiers (H3)."""
        found, refusals = await self._batch(request, self._identifiers.create_batch)
        self._note(found, refusals)
        return _outcomes(found, refusals)

    async def batch_update(self, request: web.Request) -> Any:
        """Change many identifiers (H5)."""
        return _outcomes(*await self._batch(request, self._identifiers.update_batch))

    async def _batch(
        self,
        request: web.Request,
        work: Callable[
            [AccountEntry, Sequence[NewRecord | ItemError]], Awaitable[list[ItemError | None]]
        ],
    ) -> tuple[list[Any], list[ItemError | None]]:
        account = self._services.account(request)
        found = await read_array(request)
        if len(found) > SNMS_BATCH_ITEMS_MAX:
            raise TooManyItems(SNMS_BATCH_ITEMS_MAX)
        records: list[NewRecord | ItemError] = []
        for number, item in enumerate(found):
            if number % _SLICE_ITEMS == _SLICE_ITEMS - 1:
                await asyncio.sleep(0)
            read = _read_item(item)
            records.append(read if isinstance(read, ParameterRefused) else _record(read))
        return found, await work(account, records)

    async def batch_delete(self, request: web.Request) -> Any:
        """Delete many identifiers (H7)."""
        account = self._services.account(request)
        found = await read_array(request, wrapped_in="handles")
        if len(found) > SNMS_BATCH_ITEMS_MAX:
            raise TooManyItems(SNMS_BATCH_ITEMS_MAX)
        handles: list[str | ItemError] = [
            item if isinstance(item, str) else wrong_type("handle", None, "字符串")
            for item in found
        ]
        refusals = await self._identifiers.delete_batch(account, handles)
        return [
            {
                "handle": item if isinstance(item, str) else "",
                "code": SUCCESS if refusal is None else said_of(refusal).status,
                "msg": _text_of(refusal),
            }
            for item, refusal in zip(found, refusals, strict=True)
        ]

    def _note(self, found: list[Any], refusals: list[ItemError | None]) -> None:
        """Tell the observer what was registered and refused, by prefix."""
        counted = Counter(
            (1 if refusal is None else code_of(refusal), _handle_of(item).partition("/")[0])
            for item, refusal in zip(found, refusals, strict=True)
        )
        for (code, prefix), count in counted.items():
            self._observer.registered(code, prefix.encode(errors="replace"), count)


def _record(found: Identifier) -> NewRecord:
    return NewRecord(
        found.handle,
        found.template_version,
        [(value.index, value.type, value.data.value) for value in found.value],
    )


def _outcomes(found: list[Any], refusals: list[ItemError | None]) -> list[dict[str, str]]:
    return [
        {"handle": _handle_of(item), "msg": _text_of(refusal)}
        for item, refusal in zip(found, refusals, strict=True)
    ]


def _handle_of(item: Any) -> str:
    handle = item.get("handle") if isinstance(item, dict) else None
    return handle if isinstance(handle, str) else ""


def _text_of(refusal: ItemError | None) -> str:
    return SUCCESS_TEXT if refusal is None else item_text(refusal)
