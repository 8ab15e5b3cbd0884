"""Grants, notices and files over HTTP (idhub-api.md §7)."""

from __future__ import annotations

import mimetypes
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from idnode.node.faces.idhub import models
from idnode.node.faces.idhub.reading import (
    PAGE_ROWS_MAX,
    PageAsked,
    number,
    optional,
    read_file,
    read_model,
    required,
    shown_page,
    shown_time,
)
from idnode.node.service.objects import access
from idnode.node.service.objects.access import Rights
from idnode.node.service.objects.grants import ClassGrant
from idnode.node.service.objects.refusals import FileNotHere, GrantRefused
from idnode.registry.fetching import fetched

if TYPE_CHECKING:
    from idnode.node.faces.idhub.exchange import IdhubServices


class GrantCalls:
    """The calls that grant something, and those about what was granted."""

    def __init__(self, services: IdhubServices) -> None:
        self._services = services
        self._grants = services.grants

    async def users(self, request: web.Request) -> Any:
        """Return the applications and groups of the enterprise."""
        application = await self._services.application(request)
        return [
            {
                "name": user.name,
                "userHandle": user.handle,
                "belongCompany": application.prefix.name,
                "type": 2 if user.is_group else 1,
            }
            for user in await self._grants.users(application)
        ]

    async def single(self, request: web.Request) -> Any:
        """Grant one identifier; without a kind it is a single grant, as the standard edition has it."""
        application = await self._services.application(request)
        asked = await read_model(request, models.SingleGrant)
        kind = access.SINGLE if asked.grantType is None else asked.grantType
        if kind == access.SINGLE and asked.readerScope is None:
            raise GrantRefused("授权范围不合符（1公开2指定）")
        change = Rights(
            kind=kind,
            scope=asked.readerScope or access.SPECIFIED,
            readers=tuple(asked.handleUserReaders),
            writers=tuple(asked.handleUserWriters),
        )
        removed = (tuple(asked.delHandleUserReaders), tuple(asked.delHandleUserWriters))
        await self._grants.instance(application, asked.handle, change, removed)

    async def publish_items(self, request: web.Request) -> Any:
        """Let everybody read items of a class, or no more."""
        application = await self._services.application(request)
        asked = await read_model(request, models.PublicItems)
        await self._grants.publish_items(application, asked.metaHandle, asked.scope, asked.items)

    async def of_class(self, request: web.Request) -> Any:
        """Grant items of a class."""
        application = await self._services.application(request)
        asked = await read_model(request, models.ClassGrant)
        changes = [
            ClassGrant(
                item,
                each.authType,
                each.scope,
                tuple(each.handleUsers),
                tuple(each.removeHandleUsers),
            )
            for each in asked.accessList
            for item in each.item
        ]
        await self._grants.of_class(application, asked.metaHandle, changes)

    async def messages(self, request: web.Request) -> Any:
        """Return a page of notices; here pages count from 1."""
        application = await self._services.application(request)
        asked = PageAsked(
            number(request, "page", 1, 10**6, None),
            number(request, "size", 1, PAGE_ROWS_MAX, None),
        )
        notices, total = await self._grants.notices(application, asked.number, asked.size)
        rows = [
            {
                "id": each.id,
                "messageTitleType": each.title_type,
                "messageType": each.type,
                "messageDetail": each.detail,
                "createdTime": shown_time(each.created),
            }
            for each in notices
        ]
        return shown_page(asked, rows, total, first=1)


class FileCalls:
    """The calls that upload and fetch files."""

    def __init__(self, services: IdhubServices) -> None:
        self._services = services

    async def upload(self, request: web.Request) -> Any:
        """Keep a file for an item and return the path that values name it by."""
        application = await self._services.application(request)
        handle = required(request, "metaHandle")
        field = required(request, "fileField", 50)
        optional(request, "handleName")
        usable = partial(self._services.templates.usable, application, handle)
        entry = await fetched(usable)
        name, data = await read_file(request)
        kept = await self._services.files.add(application, entry, field, name, data)
        return {"id": kept.id, "filePath": kept.path}

    async def acquire(self, request: web.Request) -> Any:
        """Return the content of a file that an identifier holds in an item, to whoever may read the item."""
        application = await self._services.application(request)
        path, handle, field = (
            required(request, "filePath", 64),
            required(request, "handle"),
            required(request, "field", 50),
        )
        text = await self._services.reader.may_read(application, handle, field)
        if path not in text:
            raise FileNotHere(path)
        content = await self._services.files.read(path)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return web.Response(
            body=content,
            content_type=kind,
            headers={
                "Content-Disposition": f'attachment; filename="{path}"',
                "X-Content-Type-Options": "nosniff",
            },
        )
