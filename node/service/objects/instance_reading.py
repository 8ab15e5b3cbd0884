"""Instances of metadata templates, and other identifiers, as an application may read them (idhub-api.md §6)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from idnode.node.service.errors import ServiceError
from idnode.node.service.objects import record, refusals
from idnode.node.service.objects.applications import HANDLE_CHARACTERS_MAX
from idnode.node.service.objects.items import data_type_of, value_of
from idnode.registry.errors import HandleNotFound, ValuesNotFound
from idnode.registry.fetching import fetched
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.model import Permission
from idnode.registry.handle.values import EMPTY, data_of, spans

if TYPE_CHECKING:
    from idnode.node.service.identifiers.resolver import Resolver
    from idnode.node.service.objects.access import Access
    from idnode.node.service.objects.applications import Application
    from idnode.node.service.objects.metadata import MetadataTemplates
    from idnode.node.service.objects.record import History, Instance
    from idnode.registry.directory.entries import ItemEntry, TemplateEntry


class Element(NamedTuple):
    """A value of an instance as it is shown."""

    at: int
    english: str
    chinese: str
    value: Any
    data_type: int


class Shown(NamedTuple):
    """An instance as somebody may read it."""

    handle: str
    template: str
    history: History
    elements: list[Element]


class InstanceReader:
    """Reads instances for applications."""

    def __init__(self, resolver: Resolver, templates: MetadataTemplates, rights: Access) -> None:
        self._resolver = resolver
        self._templates = templates
        self._rights = rights

    async def read(self, application: Application, handle: str) -> Shown:
        """Return an instance, or another identifier of this node, as an application may read it.

        Raises:
            ObjectAbsent: There is none here.
            NotReadable: Nothing of it may be read.

        """
        return await fetched(partial(self._read, application, handle))

    def _read(self, application: Application, handle: str) -> Shown:
        packed = self._packed(handle)
        stored = record.read(packed)
        entry = None
        if stored.template:
            try:
                entry = self._templates.known(stored.template)
            except refusals.MetadataAbsent:
                entry = None  # its identifiers outlive a template
        readable = self._readable(application.key, stored, entry, packed)
        elements = [
            _element(entry, span.type.decode(errors="replace"), span.index, data_of(packed, span))
            for span in spans(packed)
            if span.index in readable
        ]
        if not elements:
            raise refusals.NotReadable("Nothing of it may be read")
        return Shown(handle, stored.template, stored.history, elements)

    def _readable(
        self, who: str, stored: Instance, entry: TemplateEntry | None, packed: bytes
    ) -> set[int]:
        """Return the indexes to show: the granted items, and whatever else is stored for everybody."""
        items = frozenset() if entry is None else entry.items.keys()
        granted = self._rights.readable(who, stored.rights, entry)
        found = set()
        for span in spans(packed):
            if span.index not in stored.texts or span.type.upper().startswith(b"HS_"):
                continue
            open_to_all = bool(span.permissions & Permission.PUBLIC_READ)
            by_grant = (
                bool(stored.rights.creator)
                and span.index in items
                and (granted is None or span.index in granted)
            )
            if open_to_all or by_grant:
                found.add(span.index)
        return found

    async def may_read(self, application: Application, handle: str, english: str) -> str:
        """Return the text of an item that an application may read.

        Raises:
            ObjectRefused: There is no such item, or it may not be read.

        """
        shown = await self.read(application, handle)
        packed = await fetched(partial(self._packed, handle))
        for span in spans(packed):
            if span.type == english.encode() and span.index in {e.at for e in shown.elements}:
                return data_of(packed, span).decode(errors="replace")
        raise refusals.NotReadable(english)

    def _packed(self, handle: str) -> bytes:
        if len(handle) > HANDLE_CHARACTERS_MAX or not all(handle.partition("/")):
            raise refusals.HandleMalformed(handle[:HANDLE_CHARACTERS_MAX])
        try:
            return self._resolver.resolve(
                handle.encode(errors="replace"), public_only=False, refer=False
            )
        except ValuesNotFound:
            return EMPTY
        except (HandleNotFound, InvalidHandle, ServiceError) as error:
            raise refusals.ObjectAbsent(handle) from error


def _element(entry: TemplateEntry | None, kind: str, index: int, data: bytes) -> Element:
    item: ItemEntry | None = None if entry is None else entry.items.get(index)
    text = data.decode(errors="replace")
    if item is None:
        return Element(index, kind, kind, text, 1)
    return Element(index, item.id_type, item.name, value_of(item, text), int(data_type_of(item)))
