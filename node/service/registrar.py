"""Registration and administration of identifiers, the same for each face.

Every operation checks in the order of the reference server (handle-protocol.md §5.1): does the prefix live
here, are the values legal, does the record's existence fit (for a creation; the others ask who is there
first), who asks, may they. Timestamps in values are replaced by the node's clock. What is decided here about
the record's state is decided again by the register when it serialises the change; the answer is the register's.

``prove`` is given where an identity is only claimed so far. It is awaited once everything else is in order,
and raises `AuthenticationFailed` or `NodeBusy`.
"""

from __future__ import annotations

import secrets
import uuid
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from node.protocol.admin_value import Right
from node.service.batch import Batch
from node.service.creation import checked_and_stamped, require_creation
from node.service.errors import (
    AuthenticationNeeded,
    InsufficientPermission,
    NotResponsible,
)
from node.service.register import RequestRegister
from registry import names
from registry.errors import (
    HandleExists,
    HandleNotFound,
    IndexConflict,
    RegistryError,
    ValuesNotFound,
)
from registry.model import Permission
from registry.mutation import (
    AddValues,
    Applied,
    Create,
    Delete,
    ModifyValues,
    Mutation,
    RemoveValues,
)
from registry.values import spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from node.clock import Clock
    from node.service.authority import Authority
    from node.service.batch import ItemOutcome
    from node.service.connection import Proof
    from node.service.credentials import Identity
    from node.service.permissions import Permissions
    from node.service.register import Register, RequestBatch
    from registry.store import Page, Stored
    from registry.values import Span

_ADMIN_TYPE = b"HS_ADMIN"


class Registered(NamedTuple):
    """What a change did: the handle it concerns, and whether it replaced a record or values."""

    handle: bytes
    replaced: bool


class Registrar:
    """Changes the register for those who may."""

    def __init__(
        self, register: Register, authority: Authority, permissions: Permissions, clock: Clock
    ) -> None:
        self._register = register
        self._new_batch = partial(Batch, authority, permissions)
        self._authority = authority
        self._permissions = permissions
        self._clock = clock

    async def create(  # noqa: PLR0913  # keywords but for the first
        self,
        identity: Identity | None,
        handle: bytes,
        packed: bytes,
        *,
        overwrite: bool = False,
        mint: bool = False,
        prove: Proof | None = None,
    ) -> Registered:
        """Create a record, or replace it whole with ``overwrite``.

        With ``mint`` a UUID is appended to the handle, which may then end in its slash. Creating needs the
        right to add handles on the prefix (for a prefix handle: to add prefixes on the one above),
        overwriting that to delete the handle as well.

        Raises:
            InvalidHandle: No handle.
            NotResponsible: The prefix lives elsewhere.
            InvalidValue: A value breaks the model.
            IndexConflict: Two values share an index.
            RecordTooLarge: Over the limits of a record.
            HandleExists: There is a record, and no ``overwrite``.
            AuthenticationNeeded: ``identity`` is None.
            InvalidAdministrator: The identity lacks the right.
            RegisterBusy: Nothing was done; try again later.
            RegisterClosed: No writes are taken.

        """
        key = names.complete(handle)
        if mint:
            key += str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)).encode()
        home = self._authority.home_of(key)
        names.check(key)
        values = self._stamped(packed)
        existing = self._register.lookup(key)
        if existing is not None and not overwrite:
            raise HandleExists
        require_creation(self._permissions, identity, key, home)
        if existing is not None:
            self._permissions.require(identity, Right.DELETE_HANDLE, key)
        applied = await self._carry_out(Create(key, values, overwrite), prove)
        return Registered(key, applied.replaced)

    async def delete(
        self, identity: Identity | None, handle: bytes, *, prove: Proof | None = None
    ) -> None:
        """Delete a record.

        Raises:
            HandleNotFound: There is none.
            RegistryError: As for `create`, where it applies.
            ServiceError: As for `create`, where it applies.

        """
        key = self._here(handle)
        if identity is None:
            raise AuthenticationNeeded
        if self._register.lookup(key) is None:
            raise HandleNotFound
        self._permissions.require(identity, Right.DELETE_HANDLE, key)
        await self._carry_out(Delete(key), prove)

    async def add(
        self,
        identity: Identity | None,
        handle: bytes,
        packed: bytes,
        *,
        prove: Proof | None = None,
    ) -> None:
        """Add values to a record.

        Raises:
            HandleNotFound: There is no record.
            IndexConflict: An index is taken.
            RegistryError: As for `create`, where it applies.
            ServiceError: As for `create`, where it applies.

        """
        await self._put(identity, handle, packed, overwrite=False, prove=prove)

    async def put_values(
        self,
        identity: Identity | None,
        handle: bytes,
        packed: bytes,
        *,
        prove: Proof | None = None,
    ) -> Registered:
        """Add values to a record, replacing those at the same indexes.

        Raises:
            HandleNotFound: There is no record.
            RegistryError: As for `create`, where it applies.
            ServiceError: As for `create`, where it applies; `InsufficientPermission` as for `modify`.

        """
        return await self._put(identity, handle, packed, overwrite=True, prove=prove)

    async def _put(
        self,
        identity: Identity | None,
        handle: bytes,
        packed: bytes,
        *,
        overwrite: bool,
        prove: Proof | None = None,
    ) -> Registered:
        self._authority.home_of(names.complete(handle))
        values = self._stamped(packed)
        key, stored = self._existing(handle)
        present = {span.index: span for span in spans(stored.values)}
        taken = None if overwrite else next(iter(_replaced(values, present)), None)
        if taken is not None:
            raise IndexConflict(taken.index)
        fresh = [span for span in spans(values) if span.index not in present]
        rights = _rights(fresh, Right.ADD_VALUE, Right.ADD_ADMIN)
        if overwrite:
            rights |= _rights_to_replace(values, present)
        self._permissions.require(identity, rights or Right.ADD_VALUE, key)
        if overwrite:
            _insist_on_writable(_replaced(values, present))
        applied = await self._carry_out(AddValues(key, values, overwrite), prove)
        return Registered(key, applied.replaced)

    async def modify(
        self,
        identity: Identity | None,
        handle: bytes,
        packed: bytes,
        *,
        prove: Proof | None = None,
    ) -> None:
        """Replace values of a record.

        Raises:
            HandleNotFound: There is no record.
            ValuesNotFound: An index is not in the record.
            InsufficientPermission: A value there may not be written by administrators.
            RegistryError: As for `create`, where it applies.
            ServiceError: As for `create`, where it applies.

        """
        self._authority.home_of(names.complete(handle))
        values = self._stamped(packed)
        key, stored = self._existing(handle)
        present = {span.index: span for span in spans(stored.values)}
        if any(span.index not in present for span in spans(values)):
            raise ValuesNotFound
        rights = _rights_to_replace(values, present)
        self._permissions.require(identity, rights or Right.MODIFY_VALUE, key)
        _insist_on_writable(_replaced(values, present))
        await self._carry_out(ModifyValues(key, values), prove)

    async def remove(
        self,
        identity: Identity | None,
        handle: bytes,
        indexes: Sequence[int],
        *,
        prove: Proof | None = None,
    ) -> None:
        """Remove the values at these indexes from a record.

        Raises:
            HandleNotFound: There is no record.
            ValuesNotFound: An index is not in the record.
            InsufficientPermission: A value there may not be written by administrators.
            RegistryError: As for `create`, where it applies.
            ServiceError: As for `create`, where it applies.

        """
        key, stored = self._existing(handle)
        wanted = set(indexes)
        leaving = [span for span in spans(stored.values) if span.index in wanted]
        if len(leaving) != len(wanted):
            raise ValuesNotFound
        rights = _rights(leaving, Right.REMOVE_VALUE, Right.REMOVE_ADMIN)
        self._permissions.require(identity, rights or Right.REMOVE_VALUE, key)
        _insist_on_writable(leaving)
        await self._carry_out(RemoveValues(key, tuple(sorted(wanted))), prove)

    async def batch(
        self,
        identity: Identity | None,
        items: Sequence[tuple[bytes, bytes]],
        *,
        all_or_nothing: bool = False,
        overwrite: bool = False,
        prepared: bool = False,
    ) -> list[ItemOutcome]:
        """Create many records, given as pairs of handle and packed values; return one outcome each.

        Rights are decided once a prefix. A refused item does not touch its neighbours, unless
        ``all_or_nothing`` was asked: then all others come back as `BatchAborted`. With ``prepared`` the
        caller packed the values itself, legal and dated by the node's clock, so nobody looks at them again.

        Raises:
            AuthenticationNeeded: ``identity`` is None.
            BatchTooLarge: More items than one submission takes.
            RegisterBusy: Nothing was taken; try again later.
            RegisterClosed: No writes are taken.

        """
        if identity is None:
            raise AuthenticationNeeded
        asked = {"overwrite": overwrite, "all_or_nothing": all_or_nothing, "prepared": prepared}
        work = self._new_batch(identity, now=int(self._clock.now()), **asked)
        return await work.carry_out(self._register, items)

    async def read_batch(self, request: bytes, *, lines: bool) -> RequestBatch | None:
        """Have the register read a request, NDJSON ``lines`` or msgpack, unless it does not do that."""
        if not isinstance(self._register, RequestRegister):
            return None
        now = int(self._clock.now())
        return await self._register.read_batch(request, lines=lines, now=now)

    async def batch_read(
        self,
        identity: Identity | None,
        batch: RequestBatch,
        odd: Sequence[tuple[int, bytes, bytes]],
        *,
        all_or_nothing: bool = False,
        overwrite: bool = False,
    ) -> None:
        """Create the records of a batch that was read, as `batch` does; it tells what became of its items.

        ``odd`` are position, handle and values of items that the caller packed, legal and dated.
        """
        if identity is None:
            raise AuthenticationNeeded
        assert isinstance(self._register, RequestRegister)
        asked = {"overwrite": overwrite, "all_or_nothing": all_or_nothing, "prepared": True}
        work = self._new_batch(identity, now=int(self._clock.now()), **asked)
        await work.carry_out_read(self._register, batch, odd)

    def list_handles(
        self, identity: Identity | None, prefix: bytes, *, after: bytes = b"", limit: int = 1000
    ) -> Page:
        """Return one page of the handles of a prefix, which may also be given as its prefix handle.

        Raises:
            NotResponsible: The prefix lives elsewhere.
            AuthenticationNeeded: ``identity`` is None.
            InvalidAdministrator: The identity may not list handles.

        """
        if names.fold(prefix).startswith(names.PREFIX_HANDLE_START):
            prefix = prefix[len(names.PREFIX_HANDLE_START) :]
        if not self._authority.responsible(prefix):
            raise NotResponsible
        self._permissions.require(identity, Right.LIST_HANDLES, names.prefix_handle(prefix))
        return self._register.list_handles(prefix, after=after, limit=limit)

    def _here(self, handle: bytes) -> bytes:
        """Return the complete handle, which belongs to a prefix of this node."""
        key = names.complete(handle)
        self._authority.home_of(key)
        return names.check(key)

    def _existing(self, handle: bytes) -> tuple[bytes, Stored]:
        key = self._here(handle)
        stored = self._register.lookup(key)
        if stored is None:
            raise HandleNotFound
        return key, stored

    def _stamped(self, packed: bytes) -> bytes:
        return checked_and_stamped(packed, int(self._clock.now()))

    async def _carry_out(self, mutation: Mutation, prove: Proof | None) -> Applied:
        if prove is not None:
            await prove()
        (outcome,) = await self._register.submit((mutation,))
        if isinstance(outcome, RegistryError):
            raise outcome
        return outcome


def _replaced(packed: bytes, present: dict[int, Span]) -> list[Span]:
    """Return the present values whose places the packed ones take."""
    return [present[span.index] for span in spans(packed) if span.index in present]


def _rights_to_replace(packed: bytes, present: dict[int, Span]) -> int:
    """Return the rights that replacing takes, for what goes and for what comes."""
    coming = [span for span in spans(packed) if span.index in present]
    touched = [*coming, *_replaced(packed, present)]
    return _rights(touched, Right.MODIFY_VALUE, Right.MODIFY_ADMIN)


def _rights(touched: Iterable[Span], for_values: int, for_admins: int) -> int:
    """Return the right for plain values and that for HS_ADMIN values, each if one is touched."""
    rights = 0
    for span in touched:
        rights |= for_admins if span.type.upper() == _ADMIN_TYPE else for_values
    return rights


def _insist_on_writable(touched: Iterable[Span]) -> None:
    for span in touched:
        if not span.permissions & Permission.ADMIN_WRITE:
            raise InsufficientPermission(f"Value {span.index} may not be written")
