"""Identifiers that are registered with a template, for accounts (snms-api.md §6).

A record holds the template's handle at index 1000, its version at 1001, and each attribute at its item's index
and type, as text that everybody may read; an HS_ADMIN value at 100 names the administrators of its prefix. So it is
an identifier like any other: each face resolves it, and one that another face made can be read here. An account acts as
the administrator of its prefix: it changes the records whose own HS_ADMIN values name that, as on other faces. Whatever has to be known to judge an item is in memory, and a
batch goes to the register in one submission.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from idnode.node.service.directory.ownership import hosted_prefix
from idnode.node.service.directory.refusals import (
    FieldRefused,
    NotPermitted,
    PrefixNotReady,
    TooManyItems,
)
from idnode.node.service.directory.template_form import TEMPLATE_TYPE, Form
from idnode.node.service.directory.templates import TEMPLATE_INDEX
from idnode.node.service.errors import InsufficientPermission, ServiceError, ServiceReferral
from idnode.node.service.identifiers import rights
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.errors import HandleNotFound, ValuesNotFound
from idnode.registry.fetching import fetched, together
from idnode.registry.handle import names, values
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.limits import SNMS_BATCH_ITEMS_MAX
from idnode.registry.handle.model import Permission
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.mutation import AddValues, Applied, Create, Delete

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from idnode.node.service.directory.templates import Templates
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.node.service.identifiers.resolver import Resolver
    from idnode.registry.directory.cache import Cache
    from idnode.registry.directory.entries import AccountEntry
    from idnode.registry.handle.clock import Clock
    from idnode.registry.mutation import Mutation
    from idnode.registry.register import Register

HANDLE_CHARACTERS_MAX: Final = 255
"""Longest handle of this API, in characters."""

_HANDLE_WANTED: Final = "前缀/后缀，不超过255个字符"

SECRET_KEY_INDEX: Final = 301
"""The key by which the administrator of a prefix is known."""

_SLICE_ITEMS: Final = 250
"""Items judged between two turns of the event loop: a few milliseconds of work."""


class NewRecord(NamedTuple):
    """An identifier as sent: values are index, type and text."""

    handle: str
    version: str
    values: Sequence[tuple[int, str, str]]


class Detail(NamedTuple):
    """An identifier as stored; ``version`` is empty when it names no template."""

    handle: str
    version: str
    packed: bytes


_Item = TypeVar("_Item", NewRecord, str)

ItemError = RegistryError | ServiceError
"""Why an item was refused."""


@dataclass(frozen=True, slots=True)
class TemplateServices:
    """Holds what identifiers are judged on.

    ``value_characters_max`` is the longest value whatever its template allows; ``update_replaces`` has an
    update replace the whole record instead of the values it names (snms-api.md §6, H4).
    """

    register: Register
    authority: Authority
    templates: Templates
    cache: Cache
    clock: Clock
    permissions: Permissions
    value_characters_max: int = 255
    update_replaces: bool = False


class TemplatedIdentifiers:
    """Registers, changes, deletes and reads identifiers for accounts."""

    def __init__(self, services: TemplateServices, resolver: Resolver) -> None:
        self._services = services
        self._resolver = resolver

    def detail(self, handle: str) -> Detail:
        """Return what everybody may read of an identifier.

        Raises:
            ServiceReferral: Its prefix is answered for by a server that is known here.
            HandleNotFound: There is none here.
            InvalidHandle: It is no handle.

        """
        if len(handle) > HANDLE_CHARACTERS_MAX:
            raise FieldRefused("handle", handle, _HANDLE_WANTED)
        key = handle.encode(errors="replace")
        try:
            packed = self._resolver.resolve(key)
        except ValuesNotFound:
            packed = values.EMPTY
        except ServiceReferral:
            raise
        except ServiceError as error:
            raise HandleNotFound from error
        version = ""
        shown = []
        for span in values.spans(packed):
            if not rights.is_admin(span):
                shown.append(packed[span.start : span.end])
            if span.index == TEMPLATE_INDEX and span.type == TEMPLATE_TYPE:
                version = values.data_of(packed, span).decode(errors="replace")
        return Detail(handle, version, values.join(shown))

    async def create(self, account: AccountEntry, record: NewRecord) -> None:
        """Register an identifier.

        Raises:
            NotPermitted: The prefix is somebody else's.
            RuleBroken: The prefix is not hosted, or the template forbids something.
            HandleExists: There is one already.
            RegistryError: The register refused.

        """
        _only(await self.create_batch(account, [record]))

    async def update(self, account: AccountEntry, record: NewRecord) -> None:
        """Change an identifier: the values sent replace those at their indexes, or all of them by setting.

        Raises:
            HandleNotFound: There is none.
            ServiceError: As for `create`.
            RegistryError: As for `create`.

        """
        _only(await self.update_batch(account, [record]))

    async def delete(self, account: AccountEntry, handle: str) -> None:
        """Delete an identifier.

        Raises:
            HandleNotFound: There is none.
            ServiceError: As for `create`.
            RegistryError: As for `create`.

        """
        _only(await self.delete_batch(account, [handle]))

    async def create_batch(
        self, account: AccountEntry, records: Sequence[NewRecord | ItemError]
    ) -> list[ItemError | None]:
        """Register many; return for each why it was refused, None for those that are registered.

        Items that are errors already come back as they are.

        Raises:
            TooManyItems: More than one call takes.
            RegistryError: The register took nothing.

        """
        work = _ItemAuthorization(self._services, account)
        return await self._carry_out(records, work.creation)

    async def update_batch(
        self, account: AccountEntry, records: Sequence[NewRecord | ItemError]
    ) -> list[ItemError | None]:
        """Change many; the same promises as `create_batch`."""
        work = _ItemAuthorization(self._services, account)
        judge = work.replacement if self._services.update_replaces else work.merging
        return await self._carry_out(records, judge)

    async def delete_batch(
        self, account: AccountEntry, handles: Sequence[str | ItemError]
    ) -> list[ItemError | None]:
        """Delete many; the same promises as `create_batch`."""
        work = _ItemAuthorization(self._services, account)
        return await self._carry_out(handles, work.deletion)

    async def _carry_out(
        self, items: Sequence[_Item | ItemError], judge: Callable[[_Item], Mutation]
    ) -> list[ItemError | None]:
        if len(items) > SNMS_BATCH_ITEMS_MAX:
            raise TooManyItems(SNMS_BATCH_ITEMS_MAX)
        judged: list[Mutation | ItemError] = []
        for start in range(0, len(items), _SLICE_ITEMS):
            if start:
                await asyncio.sleep(0)
            some = items[start : start + _SLICE_ITEMS]
            judged += await fetched(partial(together, partial(_judged, judge), some))
        mutations = [each for each in judged if not isinstance(each, Exception)]
        outcomes = iter(await self._services.register.submit(mutations) if mutations else ())
        return [
            each if isinstance(each, Exception) else _refusal(next(outcomes)) for each in judged
        ]


def _judged(judge: Callable[[_Item], Mutation], item: _Item | ItemError) -> Mutation | ItemError:
    """Return what an item asks for, or why it is refused."""
    if isinstance(item, RegistryError | ServiceError):
        return item
    try:
        return judge(item)
    except (RegistryError, ServiceError) as error:
        return error.with_traceback(None)


class _ItemAuthorization:
    """Describes what one call decides once for all its items: whose prefix, which template, packed how."""

    def __init__(self, services: TemplateServices, account: AccountEntry) -> None:
        self._services = services
        self._account = account
        self._now = int(services.clock.now())
        self._prefixes: dict[str, ServiceError | None] = {}
        self._forms: dict[tuple[str, str], Form] = {}

    def creation(self, record: NewRecord) -> Mutation:
        """Return the mutation that registers a record."""
        key, form = self._own(record)
        packed, given = form.pack(record.values, self._now)
        form.insist_on_required(given)
        return Create(key, packed, public=True)

    def replacement(self, record: NewRecord) -> Mutation:
        """Return the mutation that puts a record in the place of the present one."""
        key, form = self._own(record)
        packed, given = form.pack(record.values, self._now)
        form.insist_on_required(given)
        stored = self._stored(key)
        _insist_on_writable(stored, None)
        self._insist_on_right(rights.to_replace_all(stored, packed).rights, key)
        return Create(key, packed, overwrite=True, public=True)

    def merging(self, record: NewRecord) -> Mutation:
        """Return the mutation that puts values in the place of those at their indexes."""
        key, form = self._own(record)
        packed, given = form.pack(record.values, self._now, whole=False)
        stored = self._stored(key)
        present = _insist_on_writable(stored, given)
        form.insist_on_required(given | present)
        self._insist_on_right(rights.to_add(stored, packed).rights, key)
        return AddValues(key, packed, overwrite=True)

    def deletion(self, handle: str) -> Mutation:
        """Return the mutation that deletes a record, also one that is left of a prefix hosted here no more."""
        key, prefix = _checked(handle)
        try:
            self._insist_on_own(prefix)
        except PrefixNotReady as refusal:
            if refusal.needs != "hosted" or self._services.register.lookup(key) is None:
                raise
        self._stored(key)
        self._insist_on_right(Right.DELETE_HANDLE, key)
        return Delete(key)

    def _stored(self, key: bytes) -> bytes:
        stored = self._services.register.lookup(key)
        if stored is None:
            raise HandleNotFound
        return stored.values

    def _insist_on_right(self, right: int, key: bytes) -> None:
        """Insist that the record lets the administrator of its prefix do this; the node's own may everything."""
        if self._account.is_admin:
            return
        identity = Identity(names.prefix_handle(names.prefix_of(key)), SECRET_KEY_INDEX)
        if not self._services.permissions.allows(identity, right or Right.MODIFY_VALUE, key):
            raise NotPermitted("The record's HS_ADMIN values do not name the prefix")

    def _own(self, record: NewRecord) -> tuple[bytes, Form]:
        key, prefix = _checked(record.handle)
        self._insist_on_own(prefix)
        name = (prefix, record.version)
        form = self._forms.get(name)
        if form is None:
            template = self._services.templates.known(*name)
            form = Form(template, self._services.value_characters_max, prefix.encode())
            self._forms[name] = form
        return key, form

    def _insist_on_own(self, prefix: str) -> None:
        if prefix not in self._prefixes:
            self._prefixes[prefix] = self._why_not(prefix)
        refusal = self._prefixes[prefix]
        if refusal is not None:
            raise refusal

    def _why_not(self, prefix: str) -> ServiceError | None:
        services = self._services
        try:
            hosted_prefix(services.cache, self._account, prefix)
            if not services.authority.responsible(prefix.encode()):
                raise PrefixNotReady(prefix, "hosted")
        except ServiceError as refusal:
            return refusal
        return None


def _checked(handle: str) -> tuple[bytes, str]:
    """Return a handle as bytes and its prefix.

    Raises:
        FieldRefused: It is too long, or lacks a prefix or suffix.

    """
    prefix, slash, suffix = handle.partition("/")
    if len(handle) > HANDLE_CHARACTERS_MAX or not (prefix and slash and suffix):
        raise FieldRefused("handle", handle, _HANDLE_WANTED)
    return names.check(handle.encode()), prefix


def _insist_on_writable(packed: bytes, touched: set[int] | None) -> set[int]:
    """Return the indexes in a record, if administrators may write those that are touched (None: all)."""
    present = set()
    for span in values.spans(packed):
        present.add(span.index)
        if touched is not None and span.index not in touched:
            continue
        if not span.permissions & Permission.ADMIN_WRITE:
            raise InsufficientPermission(f"Value {span.index} may not be written")
    return present


def _refusal(outcome: Applied | RegistryError) -> RegistryError | None:
    return outcome if isinstance(outcome, RegistryError) else None


def _only(refusals: list[ItemError | None]) -> None:
    (refusal,) = refusals
    if refusal is not None:
        raise refusal
