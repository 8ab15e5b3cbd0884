"""Registration and administration of identifiers, the same for each face.

What is asked is judged first (`node/service/identifiers/authorization.py`). What was judged by the record's state is judged again
by the register when it serialises the change; the answer is the register's.

``prove`` is given where an identity is only claimed so far. It is awaited once everything else is in order,
and raises `AuthenticationFailed` or `NodeBusy`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from idnode.node.service.errors import AuthenticationNeeded, NotResponsible
from idnode.node.service.identifiers.authorization import Authorization
from idnode.node.service.identifiers.batch import Batch
from idnode.registry.fetching import fetched
from idnode.registry.handle import names
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.handle.values import EMPTY
from idnode.registry.mutation import AddValues, Applied

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from idnode.node.service.handle.connection import Proof
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.batch import ItemOutcome
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.registry.handle.clock import Clock
    from idnode.registry.mutation import Mutation, Outcome
    from idnode.registry.register import Page, Register, RequestBatch


class Registered(NamedTuple):
    """Holds what a change did: the handle it concerns, and whether it replaced a record or values."""

    handle: bytes
    replaced: bool


class Registrar:
    """Changes the register for those who may."""

    def __init__(
        self, register: Register, authority: Authority, permissions: Permissions, clock: Clock
    ) -> None:
        self.authorization = Authorization(register, authority, permissions, clock)
        self._register = register
        self._new_batch = partial(Batch, authority, permissions, self.authorization)
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
        right to add handles on the prefix (for a prefix handle: to add prefixes on the one above), overwriting
        the record's own rights to what it changes of each value.

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
        judge = partial(self.authorization.creation, overwrite=overwrite, mint=mint)
        creation = await fetched(partial(judge, identity, handle, packed))
        applied = await self._carry_out(creation, prove)
        return Registered(creation.handle, applied.replaced)

    async def delete(
        self, identity: Identity | None, handle: bytes, *, prove: Proof | None = None
    ) -> None:
        """Delete a record.

        Raises:
            HandleNotFound: There is none.
            RegistryError: As for `create`, where it applies.
            ServiceError: As for `create`, where it applies.

        """
        judge = partial(self.authorization.deletion, identity, handle)
        await self._carry_out(await fetched(judge), prove)

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
        judge = partial(self.authorization.addition, identity, handle, packed)
        await self._carry_out(await fetched(judge), prove)

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
        judge = partial(self.authorization.addition, identity, handle, packed, overwrite=True)
        addition = await fetched(judge)
        applied = await self._carry_out(addition, prove)
        return Registered(addition.handle, applied.replaced)

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
        judge = partial(self.authorization.modification, identity, handle, packed)
        await self._carry_out(await fetched(judge), prove)

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
        judge = partial(self.authorization.removal, identity, handle, indexes)
        await self._carry_out(await fetched(judge), prove)

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

    async def read_batch(
        self, identity: Identity, request: bytes, *, lines: bool, overwrite: bool
    ) -> RequestBatch | None:
        """Have the register read a request, NDJSON ``lines`` or msgpack, unless it does not do that.

        It does not where records of others may be overwritten, each of which is judged by itself.
        """
        batches = self._register.capabilities.batches
        if batches is None or (overwrite and not self._permissions.is_node_admin(identity)):
            return None
        return await batches.read_batch(request, lines=lines, now=int(self._clock.now()))

    async def batch_read(
        self,
        identity: Identity | None,
        batch: RequestBatch,
        unrecognised: Sequence[tuple[int, bytes, bytes]],
        *,
        all_or_nothing: bool = False,
        overwrite: bool = False,
    ) -> None:
        """Create the records of a batch that was read, as `batch` does; it tells what became of its items.

        ``unrecognised`` are position, handle and values of items that the caller packed, legal and dated.
        """
        if identity is None:
            raise AuthenticationNeeded
        batches = self._register.capabilities.batches
        assert batches is not None  # it has read this batch
        asked = {"overwrite": overwrite, "all_or_nothing": all_or_nothing, "prepared": True}
        work = self._new_batch(identity, now=int(self._clock.now()), **asked)
        await work.carry_out_read(batches, batch, unrecognised)

    async def list_handles(
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
        above = names.prefix_handle(prefix)
        await fetched(partial(self._permissions.require, identity, Right.LIST_HANDLES, above))
        return await self._register.page(prefix, after=after, limit=limit)

    def submit(self, mutation: Mutation, prove: Proof | None) -> Awaitable[list[Outcome]]:
        """Hand a judged mutation to the register, at once or once its sender is proven.

        One that changes nothing is not handed on: whoever asked may have no right to write there.

        Raises:
            RegisterBusy, RegisterClosed: As for `create`; also when awaited, as is whatever ``prove`` raises.

        """
        if prove is None and not _is_idle(mutation):
            return self._register.submit((mutation,))
        return self._submit_proven(mutation, prove)

    async def _submit_proven(self, mutation: Mutation, prove: Proof | None) -> list[Outcome]:
        if prove is not None:
            await prove()
        if _is_idle(mutation):
            return [Applied(replaced=True)]
        return await self._register.submit((mutation,))

    async def _carry_out(self, mutation: Mutation, prove: Proof | None) -> Applied:
        return applied_of(await self.submit(mutation, prove))


def _is_idle(mutation: Mutation) -> bool:
    return isinstance(mutation, AddValues) and mutation.values == EMPTY


def applied_of(outcomes: Sequence[Outcome]) -> Applied:
    """Return what became of the only mutation of a submission, or raise why it was refused."""
    (outcome,) = outcomes
    if isinstance(outcome, Applied):
        return outcome
    raise outcome
