"""Operations on identifiers: ``/api/v1/doip`` by ``operationId``, and their list (idhub-api.md §§5.8 and 6)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from idnode.node.faces.http.body import read_body
from idnode.node.faces.idhub import models
from idnode.node.faces.idhub.exchange import code_of
from idnode.node.faces.idhub.metadata_shown import shown_object
from idnode.node.faces.idhub.reading import (
    BODY_BYTES_MAX,
    optional,
    page,
    read_model,
    required,
    shown_page,
    shown_time,
    time,
)
from idnode.node.faces.idhub.texts import FormRefused, Problem
from idnode.node.interceptors.exchange import note_handle
from idnode.node.service.errors import ServiceError
from idnode.node.service.objects.refusals import (
    MetadataAbsent,
    MetadataUnpublished,
    OperationDeclined,
    OperationUnknown,
)
from idnode.node.service.objects.rows import Asked
from idnode.node.service.objects.template_rows import PUBLISHED, state_of
from idnode.registry.fetching import fetched
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.names import prefix_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiohttp import web

    from idnode.node.faces.idhub.exchange import IdhubServices
    from idnode.node.service.objects.applications import Application
    from idnode.node.service.objects.instance_reading import Shown

CREATE: Final = "0.DOIP/Op.Create"
UPDATE: Final = "0.DOIP/Op.Update"
UPDATE_PARTLY: Final = "0.DOIP.EXTEND/Op.Update.Non.Overlay"
DELETE: Final = "0.DOIP/Op.Delete"
RETRIEVE: Final = "0.DOIP/Op.Retrieve"
WRITING: Final = (CREATE, UPDATE, UPDATE_PARTLY, DELETE)

_DECLINED: Final = ("0.DOIP/Op.Hello", "0.DOIP/Op.ListOperations", "0.DOIP/Op.Search")
KNOWN: Final = (*WRITING, RETRIEVE, *_DECLINED)


class DoipCalls:
    """The calls at ``/api/v1/doip``, and the list of identifiers."""

    def __init__(self, services: IdhubServices) -> None:
        self._services = services
        self._instances = services.instances
        self._templates = services.templates
        self._observer = services.observer

    async def write(self, request: web.Request) -> Any:
        """Create, update or delete an identifier."""
        application = await self._services.application(request)
        operation = _operation(request, WRITING)
        handle = required(request, "targetId")
        note_handle(handle.encode(errors="replace"))
        if operation == DELETE:
            # Clients send nothing, or an object full of nulls; neither says anything.
            await read_body(request, BODY_BYTES_MAX)
            await self._instances.delete(application, handle)
            return None
        found = await read_model(request, models.DigitalObject)
        content = found.attributes.content
        if operation == CREATE:
            if not found.type:
                raise FormRefused([Problem("type", "入参元数据标识type不能为空")])
            created = self._instances.create(application, handle, found.type, content)
            await self._counted(handle, created)
            template = found.type
        else:
            template = await self._instances.update(
                application, handle, found.type or "", content, whole=operation == UPDATE
            )
        return {"type": template, "attributes": {"content": content}}

    async def _counted(self, handle: str, work: Awaitable[None]) -> None:
        prefix = prefix_of(handle.encode(errors="replace"))
        try:
            await work
        except (RegistryError, ServiceError) as error:
            self._observer.registered(code_of(error), prefix, 1)
            raise
        self._observer.registered(1, prefix, 1)

    async def retrieve(self, request: web.Request) -> Any:
        """Return an identifier, or a metadata template."""
        application = await self._services.application(request)
        _operation(request, (RETRIEVE,))
        handle = required(request, "targetId")
        note_handle(handle.encode(errors="replace"))
        prefix = prefix_of(handle.encode(errors="replace"))
        try:
            found = await self._object(application, handle)
        except (RegistryError, ServiceError) as error:
            self._observer.resolved(code_of(error), prefix, 1)
            raise
        self._observer.resolved(1, prefix, 1)
        return found

    async def _object(self, application: Application, handle: str) -> dict[str, Any]:
        try:
            entry = self._templates.known(handle)
        except MetadataAbsent:
            return _shown(await self._services.reader.read(application, handle))
        if state_of(entry) != PUBLISHED:
            raise MetadataUnpublished(handle)
        return shown_object(await fetched(partial(self._templates.known, handle)))

    async def page(self, request: web.Request) -> Any:
        """Return a page of the identifiers of a metadata template."""
        application = await self._services.application(request)
        handle = required(request, "metaHandle", 257).strip('"“”')
        entry = await fetched(partial(self._templates.shown_to, application, handle))
        asked = page(request)
        rows, total = await self._services.rows.page(
            Asked(
                entry.handle,
                optional(request, "handleName"),
                time(request, "startTime"),
                time(request, "endTime"),
                asked.number,
                asked.size,
            )
        )
        shown = [
            {
                "handleName": row.handle,
                "updateTime": shown_time(row.updated),
                "createTime": shown_time(row.created),
                "createdTime": shown_time(row.created),
                "createdBy": row.creator,
            }
            for row in rows
        ]
        return shown_page(asked, shown, total)


def _operation(request: web.Request, served: tuple[str, ...]) -> str:
    """Return which operation is asked for.

    Raises:
        OperationUnknown: None that there is.
        OperationDeclined: One that this method does not serve.

    """
    found = request.query.get("operationId", "")[:64]
    if found not in KNOWN:
        raise OperationUnknown(found)
    if found not in served:
        raise OperationDeclined(found)
    return found


def _shown(found: Shown) -> dict[str, Any]:
    """Return an identifier in the union of the three shapes that clients read (idhub-api.md §6.2)."""
    history = found.history
    meta_data = {
        "createTime": shown_time(history.created) if history.created else None,
        "updateTime": shown_time(history.updated) if history.updated else None,
        "creator": history.creator or None,
        "updater": history.updater or None,
    }
    return {
        "id": found.handle,
        "type": found.template,
        "attributes": {
            "id": found.handle,
            "type": found.template,
            "attributes": {"metaData": meta_data},
            "elements": [
                {
                    "index": each.at,
                    "type": each.english,
                    "name": each.chinese,
                    "data": each.value,
                    "dataType": each.data_type,
                }
                for each in found.elements
            ],
        },
        "values": [
            {"index": each.at, "type": each.english, "value": _text(each.value)}
            for each in found.elements
        ],
    }


def _text(value: Any) -> str:
    """Return a value as the application of the guide reads it: several as an array written out."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
