"""Batches of creations: each item has its own outcome, what items share is decided once."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import BatchTooLarge, ServiceError
from idnode.node.service.identifiers.creation import require_creation
from idnode.registry.errors import BatchAborted
from idnode.registry.fetching import fetched, together
from idnode.registry.handle import names
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.handle.values import dated
from idnode.registry.limits import BATCH_ITEMS_MAX
from idnode.registry.mutation import Applied, Create

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.node.service.identifiers.authority import Authority
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
        identity: Identity,
        *,
        now: int,
        overwrite: bool,
        all_or_nothing: bool,
        prepared: bool = False,
    ) -> None:
        self._authority = authority
        self._permissions = permissions
        self._identity = identity
        self._now = now
        self._overwrite = overwrite
        self._all_or_nothing = all_or_nothing
        self._prepared = prepared
        self._decisions: dict[bytes, ServiceError | None] = {}

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
        prepared = await self._prepare(items)
        mutations: list[Mutation] = [item for item in prepared if isinstance(item, Create)]
        if self._all_or_nothing and len(mutations) < len(items):
            return [_aborted() if isinstance(item, Create) else item for item in prepared]
        outcomes = iter(
            await register.submit(mutations, all_or_nothing=self._all_or_nothing)
            if mutations
            else ()
        )
        return [next(outcomes) if isinstance(item, Create) else item for item in prepared]

    async def _prepare(
        self, items: Sequence[tuple[bytes, bytes]]
    ) -> list[Create | RegistryError | ServiceError]:
        prepared: list[Create | RegistryError | ServiceError] = []
        for start in range(0, len(items), _SLICE_ITEMS):
            if start:
                await asyncio.sleep(0)
            some = items[start : start + _SLICE_ITEMS]
            prepared += await fetched(partial(together, self._prepared_item, some))
        return prepared

    def _prepared_item(self, item: tuple[bytes, bytes]) -> Create | RegistryError | ServiceError:
        try:
            return self._creation(*item)
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
            create = await fetched(partial(self._prepared_item, (handle, packed)))
            if isinstance(create, Create):
                batch.take(position, create.handle, create.values)
            else:
                batch.refuse(position, create, handle)
            if not number % _SLICE_ITEMS:
                await asyncio.sleep(0)
        refused: dict[int, Exception] = {}
        for number, handle in batch.prefixes():
            if (refusal := await fetched(partial(self._refusal, handle))) is not None:
                refused[number] = refusal
            if not number % _SLICE_ITEMS:
                await asyncio.sleep(0)
        batch.refuse_prefixes(refused)
        if self._all_or_nothing and batch.good < len(batch):
            batch.abort()
        if batch.good:
            await register.submit_batch(
                batch, all_or_nothing=self._all_or_nothing, overwrite=self._overwrite
            )

    def _creation(self, handle: bytes, packed: bytes) -> Create:
        key = names.complete(handle)
        refusal = self._refusal(key)
        if refusal is not None:
            raise refusal
        names.check(key)
        if self._prepared:
            return Create(key, packed, self._overwrite)
        values, public = dated(packed, self._now)
        return Create(key, values, self._overwrite, public)

    def _refusal(self, key: bytes) -> ServiceError | None:
        """Return why handles of this one's prefix may not be created, or nothing; decided once."""
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
            if self._overwrite:
                above = names.prefix_handle(home)
                self._permissions.require(self._identity, Right.DELETE_HANDLE, above)
        except ServiceError as refusal:
            return refusal
        return None


def _aborted() -> BatchAborted:
    return BatchAborted("Another item of the batch was refused")
