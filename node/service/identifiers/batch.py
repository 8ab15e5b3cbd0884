"""Batches of creations: each item has its own outcome, what items share is decided once.

With ``overwrite`` each record that is there already is judged by itself, as a single replacement is; only the
node's administrators may replace any, unseen.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import (
    BatchTooLarge,
    InsufficientPermission,
    NotResponsible,
    ServiceError,
)
from idnode.node.service.identifiers.creation import require_creation
from idnode.registry.errors import BatchAborted
from idnode.registry.fetching import fetched, together
from idnode.registry.handle import names
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.values import dated
from idnode.registry.limits import BATCH_ITEMS_MAX
from idnode.registry.mutation import AddValues, Applied, Create

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.authorization import Authorization
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.registry.mutation import Mutation
    from idnode.registry.register import Register, RequestBatch, RequestRegister

ItemOutcome = Applied | RegistryError | ServiceError
"""What became of one item."""

_SLICE_ITEMS: Final = 256
"""Items checked between two turns of the event loop: a few milliseconds of work."""


class Batch:
    """One batch on its way: who asks, what may be overwritten, what was decided so far."""

    def __init__(  # noqa: PLR0913  # one object per batch, built in one place
        self,
        authority: Authority,
        permissions: Permissions,
        authorization: Authorization,
        identity: Identity,
        *,
        now: int,
        overwrite: bool,
        all_or_nothing: bool,
        prepared: bool = False,
    ) -> None:
        self._authority = authority
        self._permissions = permissions
        self._authorization = authorization
        self._identity = identity
        self._now = now
        self._overwrite = overwrite
        self._all_or_nothing = all_or_nothing
        self._prepared = prepared
        self._decisions: dict[bytes, ServiceError | None] = {}
        self._made: set[bytes] = set()
        """Folded handles that this batch creates, and may therefore overwrite."""

    async def carry_out(
        self, register: Register, items: Sequence[tuple[bytes, bytes]]
    ) -> list[ItemOutcome]:
        """Submit the items that may be created and return one outcome for each item.

        Raises:
            BatchTooLarge: More items than one submission takes.
            RegisterBusy: Nothing was taken.
            RegisterClosed: No writes are taken.

        """
        if len(items) > BATCH_ITEMS_MAX:
            raise BatchTooLarge(f"A batch has at most {BATCH_ITEMS_MAX} items")
        prepared = await self._prepare(register, items)
        mutations: list[Mutation] = [item for item in prepared if isinstance(item, Create)]
        if self._all_or_nothing and any(isinstance(item, Exception) for item in prepared):
            return [item if isinstance(item, Exception) else _aborted() for item in prepared]
        outcomes = iter(
            await register.submit(mutations, all_or_nothing=self._all_or_nothing)
            if mutations
            else ()
        )
        return [next(outcomes) if isinstance(item, Create) else item for item in prepared]

    async def _prepare(
        self, register: Register, items: Sequence[tuple[bytes, bytes]]
    ) -> list[Create | Applied | RegistryError | ServiceError]:
        prepared: list[Create | Applied | RegistryError | ServiceError] = []
        for start in range(0, len(items), _SLICE_ITEMS):
            if start:
                await asyncio.sleep(0)
            some = items[start : start + _SLICE_ITEMS]
            prepared += await fetched(
                partial(together, partial(self._prepared_item, register), some)
            )
        return prepared

    def _prepared_item(
        self, register: Register, item: tuple[bytes, bytes]
    ) -> Create | Applied | RegistryError | ServiceError:
        try:
            return self._judged(register, *item)
        except (RegistryError, ServiceError) as error:
            return error.with_traceback(None)

    async def carry_out_read(
        self,
        register: RequestRegister,
        batch: RequestBatch,
        unrecognised: Sequence[tuple[int, bytes, bytes]],
    ) -> None:
        """Decide a batch that the register has read, and submit what may be created of it.

        ``unrecognised`` are position, handle and packed values of those items that were read elsewhere.

        Raises:
            RegisterBusy: Nothing was taken.
            RegisterClosed: No writes are taken.

        """
        for number, (position, handle, packed) in enumerate(unrecognised):
            try:
                create = await fetched(partial(self._creation, handle, packed))
            except (RegistryError, ServiceError) as error:
                batch.refuse(position, error.with_traceback(None), handle)
            else:
                batch.take(position, create.handle, create.values)
            if not number % _SLICE_ITEMS:
                await asyncio.sleep(0)
        refused: dict[int, Exception] = {}
        # Who may create depends on the prefix alone (a prefix handle counts as its own), so it is asked once for each.
        for number, handle in batch.prefixes():
            refusal = await fetched(partial(self._refusal, handle)) or self._replaces_home(handle)
            if refusal is not None:
                refused[number] = refusal
            if not number % _SLICE_ITEMS:
                await asyncio.sleep(0)
        batch.refuse_prefixes(refused)
        if self._all_or_nothing and batch.good < len(batch):
            batch.abort()
        if batch.good:  # with nothing left the writer need not take a turn
            await register.submit_batch(
                batch, all_or_nothing=self._all_or_nothing, overwrite=self._overwrite
            )

    def _judged(self, register: Register, handle: bytes, packed: bytes) -> Create | Applied:
        """Return what creates or replaces a record, or that nothing is left to do."""
        creation = self._creation(handle, packed)
        if not self._overwrite:
            return creation
        if self._permissions.is_node_admin(self._identity):
            refusal = self._replaces_home(handle)
            if refusal is not None:
                raise refusal
            return creation
        key = names.fold(handle)
        existing = None if key in self._made else register.lookup(handle)
        if existing is None:
            creation.overwrite = key in self._made
            self._made.add(key)
            return creation
        replacement = self._authorization.replacement(
            self._identity, handle, creation.values, existing.values
        )
        return Applied(True) if isinstance(replacement, AddValues) else replacement

    def _creation(self, handle: bytes, packed: bytes) -> Create:
        refusal = self._refusal(handle)
        if refusal is not None:
            raise refusal
        names.check(handle)
        if self._prepared:
            return Create(handle, packed, self._overwrite)
        values, public = dated(packed, self._now)
        return Create(handle, values, self._overwrite, public)

    def _replaces_home(self, handle: bytes) -> ServiceError | None:
        """Return why a record that nobody looks at may not replace the prefix handle of a prefix that lives here."""
        folded = names.fold(handle)
        prefix = folded[len(names.PREFIX_HANDLE_START) :]
        if not self._overwrite or not folded.startswith(names.PREFIX_HANDLE_START):
            return None
        if prefix not in self._authority.homed:
            return None
        return InsufficientPermission("The prefix lives here: replace its prefix handle by itself")

    def _refusal(self, key: bytes) -> ServiceError | None:
        """Return why handles of this one's prefix may not be created, or nothing; decided once."""
        if b"/" not in key:
            return NotResponsible()
        prefix = names.prefix_of(key)
        if prefix in self._decisions:
            return self._decisions[prefix]
        refusal = self._decide(key)
        if names.fold(prefix) != names.PREFIX_OF_PREFIXES:
            self._decisions[prefix] = refusal
        return refusal

    def _decide(self, key: bytes) -> ServiceError | None:
        """Return why the identity may not create handles like this one, or nothing."""
        try:
            home = self._authority.home_of(key)
            require_creation(self._permissions, self._identity, key, home)
        except ServiceError as refusal:
            return refusal
        return None


def _aborted() -> BatchAborted:
    return BatchAborted("Another item of the batch was refused")
