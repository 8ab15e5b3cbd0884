"""Metadata templates over HTTP (idhub-api.md §5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from idnode.node.faces.idhub import models
from idnode.node.faces.idhub.metadata_shown import shown_info, shown_row
from idnode.node.faces.idhub.reading import (
    number,
    optional,
    page,
    read_model,
    required,
    shown_page,
    time,
)
from idnode.node.faces.idhub.texts import FormRefused, Problem, said_of
from idnode.node.service.objects.refusals import (
    MetadataAbsent,
    MetadataHidden,
    MetadataNotManaged,
    MetadataToChangeAbsent,
    ObjectRefused,
)
from idnode.node.service.objects.template_rows import (
    UNCLASSIFIED,
    Head,
    MetadataItem,
    state_of,
)
from idnode.registry.directory.cache import folded
from idnode.registry.fetching import fetched

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.idhub.exchange import IdhubServices


class MetadataCalls:
    """The calls under ``/api/v1/open/meta``."""

    def __init__(self, services: IdhubServices) -> None:
        self._services = services
        self._templates = services.templates
        self._grants = services.grants

    async def create(self, request: web.Request) -> Any:
        """Make a template and return its handle."""
        application = await self._services.application(request)
        new = await read_model(request, models.NewMetadata)
        items = _items(new.metaItemCreateDTOS, "metaItemCreateDTOS")
        handle = await self._templates.create(application, _head(new), items, new.metaHandle)
        return {"metaHandle": handle}

    async def info(self, request: web.Request) -> Any:
        """Return an own template, or one that is granted."""
        application = await self._services.application(request)
        handle = required(request, "metaHandle")
        try:
            entry = await fetched(partial(self._templates.shown_to, application, handle))
        except MetadataHidden as error:
            raise MetadataNotManaged(handle) from error
        return shown_info(entry)

    async def set_head(self, request: web.Request) -> Any:
        """Edit the head data of an own template."""
        application = await self._services.application(request)
        new = await read_model(request, models.EditedHead)
        self._insist_on(new.metaHandle)
        await self._templates.set_head(application, new.metaHandle, _head(new))

    async def set_items(self, request: web.Request) -> Any:
        """Edit the items of an own template."""
        application = await self._services.application(request)
        new = await read_model(request, models.EditedItems)
        self._insist_on(new.metaHandle)
        items = _items(new.metaItemDTOS, "metaItemDTOS")
        await self._templates.set_items(application, new.metaHandle, items)

    def _insist_on(self, handle: str) -> None:
        try:
            self._templates.known(handle)
        except MetadataAbsent as error:
            raise MetadataToChangeAbsent(handle) from error

    async def delete(self, request: web.Request) -> Any:
        """Delete own templates."""
        application = await self._services.application(request)
        handles = [each for each in request.query.getall("metaHandleList", []) if each]
        # Some clients join them with commas instead of repeating the parameter.
        handles = [part.strip() for each in handles for part in each.split(",") if part.strip()]
        if not handles:
            name = "metaHandleList"
            raise FormRefused([Problem(name, f"入参元数据标识列表{name}不能为空")])
        await self._templates.delete(application, handles)

    async def publish(self, request: web.Request) -> Any:
        """Publish or withdraw templates; each has an outcome of its own."""
        application = await self._services.application(request)
        asked = await read_model(request, models.Publication)
        withdraw = asked.opType == "withdraw"
        found = []
        for handle in asked.metaHandleList:
            reason = ""
            try:
                await self._templates.publish(application, handle, withdraw=withdraw)
            except MetadataAbsent:
                reason = f"元数据标识{handle}不存在"
            except ObjectRefused as error:
                reason = said_of(error).message
            state = "failed" if reason else "success"
            found.append({"metaHandle": handle, "state": state, "reason": reason})
        return found

    async def grant(self, request: web.Request) -> Any:
        """Grant an own template."""
        application = await self._services.application(request)
        asked = await read_model(request, models.MetadataGrant)
        await self._grants.metadata(
            application,
            asked.metaHandle,
            asked.scope,
            asked.handleUsers,
            asked.removeHandleUsers,
        )

    async def copy(self, request: web.Request) -> Any:
        """Copy a template that is public or granted."""
        application = await self._services.application(request)
        asked = await read_model(request, models.Copying)
        base = asked.baseInfo
        await fetched(partial(self._templates.shown_to, application, asked.baseonHandle))
        handle = await self._templates.copy(
            application, asked.baseonHandle, base.metaCode, base.classifyCode, base.metaHandle
        )
        return {"metaHandle": handle}

    async def classes(self, request: web.Request) -> Any:
        """Return the tree of data classes."""
        application = await self._services.application(request)
        return [
            {
                "id": place,
                "parentId": 0,
                "sort": place,
                "children": [],
                "classifyName": class_name(code),
                "classifyCode": code,
                "ancestors": "0",
                "level": 1,
            }
            for place, code in enumerate(self._templates.classes(application), start=1)
        ]

    async def page(self, request: web.Request) -> Any:
        """Return a page of the templates of a class."""
        application = await self._services.application(request)
        classify = required(request, "classifyCode", 100)
        handle, since, until = (
            optional(request, "metaHandle"),
            time(request, "startTime"),
            time(request, "endTime"),
        )
        state = number(request, "metaState", 0, 1, -1)
        asked = page(request)
        found = [
            entry
            for entry in await fetched(partial(self._templates.listed, application, classify))
            if (not handle or folded(handle) in folded(entry.handle))
            and state in {-1, state_of(entry)}
            and (since is None or entry.created >= since)
            and (until is None or entry.created <= until)
        ]
        start = asked.number * asked.size
        rows = [shown_row(entry, class_name(classify)) for entry in found[start:][: asked.size]]
        return shown_page(asked, rows, len(found))


def class_name(code: str) -> str:
    """Return what a data class is called."""
    return "未分类" if code == UNCLASSIFIED else code


def _head(new: models.Head) -> Head:
    industry = (
        new.industryCategory,
        new.industrySpecific,
        new.industryTrade,
        new.industrySubclass,
    )
    return Head(
        new.classifyCode,
        new.metaName,
        new.metaCode,
        industry,
        new.standard or "",
        new.metaDesc or "",
    )


def _items(found: list[models.MetadataItem], member: str) -> list[MetadataItem]:
    problems = []
    items = []
    for place, each in enumerate(found):
        schema = each.itemSchemaCreateDTO.model_dump(exclude_none=True)
        reference = (each.itemReferenceDTO and each.itemReferenceDTO.referenceMetaHandle) or ""
        at = f"{member}[{place}]"
        if schema["dataType"] == 5 and not reference:
            name = f"{at}.itemReferenceDTO.referenceMetaHandle"
            problems.append(Problem(name, f"入参{name}不能为空"))
        if schema.get("minLength", 0) > schema.get("maxLength", 64_000):
            name = f"{at}.itemSchemaCreateDTO.maxLength"
            problems.append(Problem(name, f"入参{name}不能小于minLength"))
        items.append(
            MetadataItem(
                each.itemIndex,
                each.itemCode,
                each.englishName,
                each.chineseName,
                bool(each.required),
                bool(each.uniqueField),
                each.inputNecessary != 0,
                each.listItemNecessary != 0,
                each.itemState or 0,
                each.definition or "",
                each.comment or "",
                schema,
                reference,
            )
        )
    if problems:
        raise FormRefused(problems)
    return items
