"""Instances of metadata templates: created, changed, deleted and read by applications (idhub-api.md §6)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.service.errors import ServiceError
from idnode.node.service.objects import record, refusals
from idnode.node.service.objects.access import FOLLOW_CLASS, PUBLIC, SINGLE, SPECIFIED, Rights
from idnode.node.service.objects.applications import HANDLE_CHARACTERS_MAX
from idnode.node.service.objects.items import (
    FILE_TYPES,
    TYPE_NAMES,
    data_type_of,
    text_of,
    value_of,
    values_in,
)
from idnode.node.service.objects.metadata import item_details
from idnode.node.service.objects.record import History, Instance
from idnode.node.service.objects.rows import Row
from idnode.registry.directory.cache import folded
from idnode.registry.errors import HandleExists, HandleNotFound, ValuesNotFound
from idnode.registry.fetching import fetched
from idnode.registry.handle import names
from idnode.registry.handle.errors import InvalidHandle, RegistryError
from idnode.registry.handle.model import Permission
from idnode.registry.handle.values import EMPTY, data_of, spans
from idnode.registry.mutation import AddValues, Create, Delete, RemoveValues

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from idnode.node.service.identifiers.resolver import Resolver
    from idnode.node.service.objects.access import Access
    from idnode.node.service.objects.applications import Application
    from idnode.node.service.objects.files import ObjectFiles
    from idnode.node.service.objects.metadata import MetadataTemplates
    from idnode.node.service.objects.rows import Rows
    from idnode.registry.directory.entries import ItemEntry, TemplateEntry
    from idnode.registry.handle.clock import Clock
    from idnode.registry.mutation import Mutation
    from idnode.registry.register import Register

LOCKS_MAX: Final = 10_000
_REWRITTEN_AT_ONCE: Final = 200


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


class Locks:
    """A lock for each of a few names that are at work: a record is read, decided and written in one go."""

    def __init__(self) -> None:
        self._locks: OrderedDict[str, tuple[asyncio.Lock, int]] = OrderedDict()

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[None]:
        """Hold the lock of a name."""
        lock, waiting = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[name]
            if waiting > 1:
                self._locks[name] = (lock, waiting - 1)
            else:
                del self._locks[name]


class Instances:
    """Creates, changes, deletes and reads instances.

    ``open_to_all``: whether a new instance may be read by everybody, instead of by whom it is granted to.
    ``clears``: whether an overwriting update takes away the items that it does not name.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # called once, where the parts are put together
        self,
        register: Register,
        resolver: Resolver,
        templates: MetadataTemplates,
        rights: Access,
        rows: Rows,
        files: ObjectFiles,
        clock: Clock,
        *,
        open_to_all: bool = False,
        clears: bool = False,
    ) -> None:
        self._register = register
        self._resolver = resolver
        self._templates = templates
        self._rights = rights
        self._rows = rows
        self._files = files
        self._clock = clock
        self._open_to_all = open_to_all
        self._clears = clears
        self._locks = Locks()

    async def create(
        self, application: Application, handle: str, template: str, content: Mapping[str, Any]
    ) -> None:
        """Create an instance.

        Raises:
            ObjectRefused: It is not the enterprise's, there is one, or something does not fit its template.
            RegistryError: The register refused.

        """
        key = _own_key(application, handle)
        entry = await fetched(partial(self._templates.usable, application, template))
        texts = await self._texts(entry, content)
        _insist_on_required(entry, texts)
        now = int(self._clock.now())
        rights = Rights(application.handle)
        if self._open_to_all:
            rights = Rights(application.handle, SINGLE, PUBLIC)
        history = History(application.handle, now, application.handle, now)
        instance = Instance(entry.handle, history, rights, texts)
        async with self._locks.held(folded(handle)):
            if await fetched(partial(self._register.lookup, key)) is not None:
                raise refusals.ObjectExists(handle)
            row = Row(handle, application.handle, now, now)
            unique = _unique(entry, texts)
            await self._claimed(entry, partial(self._rows.claim, entry.handle, row, unique))
            packed = record.whole(entry, instance, self._public(rights, entry), now)
            try:
                await self._submit(Create(key, packed))
            except HandleExists:  # another face was quicker, and its record is no instance
                raise refusals.ObjectExists(handle) from None
            except RegistryError:
                await self._rows.forget([handle])
                raise

    async def update(
        self,
        application: Application,
        handle: str,
        template: str,
        content: Mapping[str, Any],
        *,
        whole: bool,
    ) -> str:
        """Change an instance and return its template's handle; ``whole``: the content stands for all of it.

        Raises:
            ObjectRefused: There is none, it may not be changed, or something does not fit.
            RegistryError: The register refused.

        """
        key = _own_key(application, handle)
        async with self._locks.held(folded(handle)):
            stored = await fetched(partial(self._stored, key, handle))
            entry = self._templates.known(stored.template)
            if template and folded(template) != folded(stored.template):
                raise refusals.ParameterWrong("type", f"标识的元数据为{stored.template}")
            texts = await self._texts(entry, content)
            writable = await fetched(partial(self._writable, application, stored.rights, entry))
            for index in texts:
                if writable is not None and index not in writable:
                    raise refusals.NotEditable(entry.items[index].id_type)
            kept = {} if whole and writable is None else stored.texts
            _insist_on_required(entry, {**kept, **texts})
            now = int(self._clock.now())
            changed = stored._replace(
                texts=texts,
                history=stored.history._replace(updater=application.handle, updated=now),
            )
            unique = _unique(entry, texts)
            await self._claimed(
                entry, partial(self._rows.reclaim, entry.handle, handle, unique, now)
            )
            public = self._public(stored.rights, entry)
            mutations: list[Mutation] = [
                AddValues(key, record.changed(entry, changed, public, now), overwrite=True)
            ]
            gone = (stored.texts.keys() & entry.items.keys()) - texts.keys()
            if whole and self._clears and writable is None and gone:
                mutations.append(RemoveValues(key, tuple(sorted(gone))))
            await self._submit(*mutations)
            return entry.handle

    def _writable(
        self, application: Application, rights: Rights, entry: TemplateEntry
    ) -> frozenset[int] | None:
        if not rights.creator:  # another face made it, so it is the whole enterprise's
            return None
        found = self._rights.writable(application.key, rights, entry)
        if found is not None and not found:
            raise refusals.NotEditable("the identifier")
        return found

    async def delete(self, application: Application, handle: str) -> None:
        """Delete an instance.

        Raises:
            ObjectRefused: There is none, or it is another's.
            RegistryError: The register refused.

        """
        key = _own_key(application, handle)
        async with self._locks.held(folded(handle)):
            stored = await fetched(partial(self._stored, key, handle))
            creator = stored.rights.creator
            if creator and folded(creator) != application.key:
                raise refusals.NotDeletable("Only its creator deletes an identifier")
            await self._submit(Delete(key))
            await self._rows.forget([handle])

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

    async def grant(
        self,
        application: Application,
        handle: str,
        change: Rights,
        removed: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> tuple[list[str], list[str]]:
        """Grant an instance; return who is granted it anew, and who no more. ``removed`` are readers and writers.

        Raises:
            ObjectRefused: There is none, or it is another's.

        """
        key = _own_key(application, handle)
        async with self._locks.held(folded(handle)):
            stored = await fetched(partial(self._stored, key, handle))
            creator = stored.rights.creator or application.handle
            if folded(creator) != application.key:
                raise refusals.NotEditable("the identifier's grants")
            entry = self._templates.known(stored.template)
            before = {*stored.rights.readers, *stored.rights.writers}
            rights = Rights(creator, change.kind, SPECIFIED)
            if change.kind != FOLLOW_CLASS:
                rights = Rights(
                    creator,
                    change.kind,
                    change.scope,
                    _merged(stored.rights.readers, change.readers, removed[0]),
                    _merged(stored.rights.writers, change.writers, removed[1]),
                )
            now = int(self._clock.now())
            history = stored.history
            if not history.creator:
                history = History(creator, now, creator, now)
            changed = stored._replace(rights=rights, granted=True, history=history)
            packed = record.changed(entry, changed, self._public(rights, entry), now)
            await self._submit(AddValues(key, packed, overwrite=True))
            after = {*rights.readers, *rights.writers}
            return sorted(after - before), sorted(before - after)

    async def follow_class(self, entry: TemplateEntry) -> None:
        """Have the instances of a template show to everybody what their class grants to everybody now."""
        after = ""
        while True:
            some = await self._rows.handles_behind(entry.handle, after, _REWRITTEN_AT_ONCE)
            for handle in some:
                async with self._locks.held(folded(handle)):
                    await self._rewrite(entry, handle)
            if len(some) < _REWRITTEN_AT_ONCE:
                return
            after = folded(some[-1])

    async def _rewrite(self, entry: TemplateEntry, handle: str) -> None:
        key = handle.encode()
        try:
            stored = await fetched(partial(self._stored, key, handle))
        except refusals.ObjectAbsent:
            return
        if stored.rights.kind == FOLLOW_CLASS and stored.rights.creator:
            now = int(self._clock.now())
            packed = record.changed(entry, stored, self._public(stored.rights, entry), now)
            await self._submit(AddValues(key, packed, overwrite=True))

    def _public(self, rights: Rights, entry: TemplateEntry) -> frozenset[int] | None:
        return self._rights.readable("", rights, entry)

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

    def _stored(self, key: bytes, handle: str) -> Instance:
        found = self._register.lookup(key)
        if found is None:
            raise refusals.ObjectAbsent(handle)
        return record.read(found.values)

    async def _texts(self, entry: TemplateEntry, content: Mapping[str, Any]) -> dict[int, str]:
        by_name = {item.id_type: item for item in entry.items.values()}
        texts = {}
        for english, found in content.items():
            item = by_name.get(english)
            if item is None:
                raise refusals.ItemUnknown(english)
            if found is None:
                continue
            if not item.enabled:
                raise refusals.ItemOff(english)
            texts[item.id_index] = text = text_of(item, found)
            if data_type_of(item) in FILE_TYPES:
                await self._files.insist_on(entry, item, values_in(item, text))
        return texts

    async def _claimed(self, entry: TemplateEntry, claim: Any) -> None:
        """Claim unique values; holders whose record is gone, or has the value no more, give way."""
        taken = await claim()
        if not taken:
            return
        gone = [
            key
            for key in set(taken.values())
            if await fetched(partial(self._register.lookup, key.encode())) is None
        ]
        if gone:
            await self._rows.forget(gone)
            taken = await claim()
        if taken:
            index = min(taken)
            raise refusals.ItemRefused(entry.items[index].id_type, "值须唯一，已被其他标识使用")

    async def _submit(self, *mutations: Mutation) -> None:
        for outcome in await self._register.submit(mutations):
            if isinstance(outcome, RegistryError):
                if isinstance(outcome, HandleNotFound):
                    raise refusals.ObjectAbsent("the identifier")
                raise outcome


def _own_key(application: Application, handle: str) -> bytes:
    prefix, slash, suffix = handle.partition("/")
    if len(handle) > HANDLE_CHARACTERS_MAX or not (prefix and slash and suffix):
        raise refusals.HandleMalformed(handle[:HANDLE_CHARACTERS_MAX])
    if prefix != application.prefix.name:
        raise refusals.ForeignHandle(handle)
    try:
        return names.check(handle.encode())
    except (InvalidHandle, UnicodeEncodeError):
        raise refusals.HandleMalformed(handle.encode(errors="replace").decode()) from None


def _merged(
    present: tuple[str, ...], added: tuple[str, ...], removed: tuple[str, ...]
) -> tuple[str, ...]:
    gone = {folded(each) for each in removed}
    found = {folded(each): each for each in (*present, *added)}
    return tuple(each for key, each in found.items() if key not in gone)


def _unique(entry: TemplateEntry, texts: Mapping[int, str]) -> dict[int, str]:
    return {i: text for i, text in texts.items() if item_details(entry, i)["unique"]}


def _insist_on_required(entry: TemplateEntry, texts: Mapping[int, str]) -> None:
    for index in sorted(entry.required):
        if not texts.get(index):
            raise refusals.ItemRefused(entry.items[index].id_type, "为必填属性，不能为空")


def _element(entry: TemplateEntry | None, kind: str, index: int, data: bytes) -> Element:
    item: ItemEntry | None = None if entry is None else entry.items.get(index)
    text = data.decode(errors="replace")
    if item is None:
        return Element(index, kind, kind, text, 1)
    return Element(index, item.id_type, item.name, value_of(item, text), int(data_type_of(item)))


def type_name(item: ItemEntry) -> str:
    """Return what the type of an item's values is called."""
    return TYPE_NAMES[data_type_of(item)]
