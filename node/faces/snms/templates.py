"""Templates over HTTP: T1 to T4, in v3, v5 and the older v1 (snms-api.md §§5 and 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.faces.snms.models import Template, TemplateKey
from idnode.node.faces.snms.reading import query_text, read_model
from idnode.node.faces.snms.texts import wrong
from idnode.node.service.directory.templates import NewItem, NewTemplate

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.snms.exchange import SnmsServices
    from idnode.registry.directory.entries import ItemEntry, TemplateEntry

PREFIX_CHARACTERS_MAX = 64
VERSION_CHARACTERS_MAX = 128


class TemplateCalls:
    """The calls under ``…/template``; ``version`` 5 has states and the template's own handle."""

    def __init__(self, services: SnmsServices, version: int) -> None:
        self._services = services
        self._templates = services.templates
        self._version = version

    async def read(self, request: web.Request) -> Any:
        """Return a template (T1)."""
        account = self._services.account(request)
        prefix = query_text(request, "prefix", PREFIX_CHARACTERS_MAX)
        version = query_text(request, "version", VERSION_CHARACTERS_MAX)
        return self._shown(self._templates.find(account, prefix, version))

    async def create(self, request: web.Request) -> Any:
        """Make a template (T2)."""
        account = self._services.account(request)
        await self._templates.create(account, self._new(await read_model(request, Template)))
        return True

    async def edit(self, request: web.Request) -> Any:
        """Change a template (T3)."""
        account = self._services.account(request)
        await self._templates.edit(account, self._new(await read_model(request, Template)))
        return True

    async def delete(self, request: web.Request) -> Any:
        """Delete a template (T4)."""
        account = self._services.account(request)
        key = await read_model(request, TemplateKey)
        await self._templates.delete(account, key.prefix, key.version)
        return True

    def _new(self, found: Template) -> NewTemplate:
        for place, item in enumerate(found.items):
            kind = item.metadata.type
            if (kind if self._services.strict_types else kind.lower()) != "string":
                raise wrong(f"items.{place}.metadata.type", kind, "小写的string")
        return NewTemplate(
            prefix=found.prefix,
            version=found.version,
            kind=found.type,
            description=found.description or "",
            industry=(
                found.industry_category,
                found.industry_specific,
                found.industry_trade,
                found.industry_subclass,
            ),
            items=[
                NewItem(
                    name=item.name,
                    id_type=item.id_type,
                    id_index=item.id_index,
                    required=item.required,
                    enabled=None if item.state is None else bool(item.state),
                    min_length=item.metadata.min_length,
                    max_length=item.metadata.max_length,
                )
                for item in found.items
            ],
        )

    def _shown(self, entry: TemplateEntry) -> dict[str, Any]:
        category, specific, trade, subclass = entry.industry
        shown: dict[str, Any] = {
            "id": entry.id,
            "prefix": entry.prefix,
            "name": "",
            "version": entry.version,
            "industryCategory": category,
            "industrySpecific": specific,
            "industryTrade": trade,
            "industrySubclass": subclass,
            "type": entry.kind,
            "description": entry.description,
            "items": [self._shown_item(item) for item in entry.items.values()],
        }
        if self._version == 5:
            shown["handle"] = entry.handle
        return shown

    def _shown_item(self, item: ItemEntry) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": item.name,
            "idType": item.id_type,
            "idIndex": item.id_index,
            "required": item.required,
            "metadataId": item.id,
            "metadata": {
                "type": "string",
                "minLength": item.min_length,
                "maxLength": item.max_length,
            },
        }
        if self._version == 5:
            shown["state"] = int(item.enabled)
        return shown
