"""Instances of metadata templates: created, changed, deleted and read by applications (idhub-api.md §6)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from idnode.node.service.objects import record, refusals
from idnode.node.service.objects.access import FOLLOW_CLASS, PUBLIC, SINGLE, SPECIFIED, Rights
from idnode.node.service.objects.applications import HANDLE_CHARACTERS_MAX
from idnode.node.service.objects.items import (
    FILE_TYPES,
    data_type_of,
    text_of,
    values_in,
)
from idnode.node.service.objects.record import History, Instance
from idnode.node.service.objects.rows import Row
from idnode.node.service.objects.template_rows import item_details
from idnode.registry.directory.cache import folded
from idnode.registry.errors import HandleExists, HandleNotFound
from idnode.registry.fetching import fetched
from idnode.registry.handle import names
from idnode.registry.handle.errors import InvalidHandle, RegistryError
from idnode.registry.mutation import AddValues, Create, Delete, RemoveValues

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from idnode.node.service.objects.access import Access
    from idnode.node.service.objects.applications import Application
    from idnode.node.service.objects.files import ObjectFiles
    from idnode.node.service.objects.metadata import MetadataTemplates
    from idnode.node.service.objects.rows import Rows
    from idnode.registry.directory.entries import TemplateEntry
    from idnode.registry.handle.clock import Clock
    from idnode.registry.mutation import Mutation
    from idnode.registry.register import Register

LOCKS_MAX: Final = 10_000
_REWRITTEN_AT_ONCE: Final = 200


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
