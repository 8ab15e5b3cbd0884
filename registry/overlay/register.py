"""A register with a data set under it: what was written stands before what is computed.

The overlay has the interface of the register that it stands before, so that services and faces do not know of
it. An identifier resolves to its written record; without one to its computed one, unless it is whiteouts. A whiteout is
a written record too, under a prefix that lives nowhere: ``0.MARK/<folded handle>``, without values. It says that
the computed identifier was changed or deleted, and survives like everything written. `stats` counts neither
whiteouts nor computed identifiers.

A listing has two parts: first the data set's identifiers of the prefix, by position, without the deleted ones; then
what was written beside them, in ascending order. A cursor is the last handle listed, and tells by itself in
which part it stands, whatever was written meanwhile.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from idnode.registry.fetching import fetched, together
from idnode.registry.handle import names
from idnode.registry.limits import PAGE_HANDLES_MAX
from idnode.registry.overlay.changes import OverlayChanges
from idnode.registry.overlay.computed import ComputedPrefix
from idnode.registry.register import Capabilities, Page, Stored

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from idnode.registry.mutation import Mutation, Outcome
    from idnode.registry.overlay.computed import Computed, Dataset
    from idnode.registry.register import (
        Register,
        RegisterStats,
        RequestBatch,
        RequestRegister,
        States,
    )

WHITEOUT_PREFIX: Final = b"0.MARK"
"""The prefix of whiteouts; no prefix handle can make it live here."""

_WHITEOUTS_A_PAGE: Final = 10_000


def whiteout_of(key: bytes) -> bytes:
    """Return the handle of the whiteout of a folded handle."""
    return WHITEOUT_PREFIX + b"/" + key


class OverlayRegister:
    """A register before a data set. Made by `open`."""

    def __init__(self, register: Register, dataset: Dataset, prefix_handles: Computed) -> None:
        self._register = register
        self._written = register.lookup
        self._dataset = dataset
        self._watchers: list[Callable[[bytes], None]] = []
        self._computed_prefixes: dict[bytes, ComputedPrefix] = {
            names.PREFIX_OF_PREFIXES: ComputedPrefix(prefix_handles, public=False)
        }
        self._whiteouts = 0
        self._changes = OverlayChanges(register, self.place_of, whiteout_of, self._changed)
        beneath = register.capabilities
        batches = None if beneath.batches is None else OverlayBatches(beneath.batches, self)
        states = None if beneath.states is None else OverlayStates(beneath.states, self)
        self.capabilities = Capabilities(
            beneath.slots, batches, beneath.snapshot, states, beneath.shared
        )

    @classmethod
    async def open(
        cls, register: Register, dataset: Dataset, prefix_handles: Computed
    ) -> OverlayRegister:
        """Put a register before a data set; ``prefix_handles`` are the computed ones of its prefixes.

        Raises:
            RegistryError: What was changed cannot be read.

        """
        overlay = cls(register, dataset, prefix_handles)
        await overlay._read_whiteouts()
        return overlay

    async def read_anew(self) -> None:
        """Take in which computed identifiers were changed, after the register was restored; tell the watchers."""
        prefix_handles = self._computed_prefixes[names.PREFIX_OF_PREFIXES]
        changed = set(prefix_handles.whiteouts)
        for computed_prefix in self._computed_prefixes.values():
            computed_prefix.whiteouts.clear()
            computed_prefix.deleted.clear()
        self._whiteouts = 0
        await self._read_whiteouts()
        for position in changed | prefix_handles.whiteouts:
            key = names.fold(prefix_handles.computed.handle(position))
            for callback in self._watchers:
                callback(key)

    async def drain(self) -> None:
        """Wait for the changes under way."""
        await self._changes.drain()

    async def _read_whiteouts(self) -> None:
        after: bytes | None = b""
        while after is not None:
            page = await self._register.page(WHITEOUT_PREFIX, after=after, limit=_WHITEOUTS_A_PAGE)
            keys = [whiteout[len(WHITEOUT_PREFIX) + 1 :] for whiteout in page.handles]
            await fetched(partial(self._note_whiteouts, keys))
            self._whiteouts += len(keys)
            after = page.after

    def _note_whiteouts(self, keys: list[bytes]) -> None:
        """Note that these folded handles were changed, unless they belong to a data set of another seed."""
        ours = [(key, place) for key in keys if (place := self.place_of(key)) is not None]
        written = together(self._written, [key for key, _place in ours])
        for (_key, place), stored in zip(ours, written, strict=True):
            place[0].whiteout(place[1], deleted=stored is None)

    def computed_prefix(self, prefix: bytes) -> ComputedPrefix | None:
        """Return the computed identifiers of a folded prefix, ``None`` when it has none."""
        found = self._computed_prefixes.get(prefix)
        if found is None:
            computed = self._dataset.identifiers(prefix)
            if computed is None:
                return None
            found = self._computed_prefixes[prefix] = ComputedPrefix(computed, public=True)
        return found

    def computes(self, prefix: bytes) -> bool:
        """Return whether a folded prefix has computed identifiers."""
        return prefix in self._computed_prefixes or self._dataset.computes(prefix)

    def place_of(self, key: bytes) -> tuple[ComputedPrefix, int] | None:
        """Return where a folded handle stands in the data set, also when it was changed or deleted."""
        prefix, _, suffix = key.partition(b"/")
        computed_prefix = self.computed_prefix(prefix)
        if computed_prefix is None:
            return None
        position = computed_prefix.computed.position(suffix)
        return None if position < 0 else (computed_prefix, position)

    def lookup(self, handle: bytes) -> Stored | None:
        """Return the written or else the computed record of a handle in any spelling.

        Raises:
            LogDamaged: The written record is no longer what was written.

        """
        stored = self._written(handle)
        if stored is not None:
            return stored
        place = self.place_of(handle.upper())
        if place is None:
            return None
        computed_prefix, position = place
        if position in computed_prefix.whiteouts:
            return None
        computed = computed_prefix.computed
        return Stored(computed.handle(position), computed.values(position), computed_prefix.public)

    def submit(
        self, mutations: Sequence[Mutation], *, all_or_nothing: bool = False
    ) -> Awaitable[list[Outcome]]:
        """Carry out mutations as `Register.submit` does, on computed identifiers too.

        Raises:
            RegisterBusy: Nothing was taken; try again later.
            RegisterClosed: No writes are taken any more.

        """
        return self._changes.submit(mutations, all_or_nothing=all_or_nothing)

    async def prefetch(self, handles: Sequence[bytes]) -> None:
        """Have the register fetch what may be written."""
        await self._register.prefetch(handles)

    def _changed(self, key: bytes) -> None:
        """Bring what is known of a folded computed handle to what is written, and tell the watchers."""
        place = self.place_of(key)
        assert place is not None
        whiteout, written = together(self._written, (whiteout_of(key), key))
        if whiteout is not None:
            computed_prefix, position = place
            self._whiteouts += position not in computed_prefix.whiteouts
            computed_prefix.whiteout(position, deleted=written is None)
        if key.startswith(names.PREFIX_HANDLE_START):
            for callback in self._watchers:
                callback(key)

    async def page(self, prefix: bytes, *, after: bytes = b"", limit: int = 1000) -> Page:
        """Return up to ``limit`` handles of a prefix behind the cursor ``after``, in the order of this module.

        Raises:
            LogDamaged: A record is no longer what was written.

        """
        folded = names.fold(prefix)
        computed_prefix = self.computed_prefix(folded)
        if computed_prefix is None:
            return await self._register.page(prefix, after=after, limit=limit)
        limit = max(1, min(limit, PAGE_HANDLES_MAX))
        handles = await self._listed(computed_prefix, folded, names.fold(after), limit + 1)
        if len(handles) <= limit:
            return Page(handles, None)
        return Page(handles[:limit], names.fold(handles[limit - 1]))

    async def _listed(
        self, computed_prefix: ComputedPrefix, prefix: bytes, after: bytes, most: int
    ) -> list[bytes]:
        """Return the first handles of a prefix behind a folded cursor."""
        start = len(prefix) + 1
        computed = computed_prefix.computed
        position = computed.position(after[start:]) if after else -1
        listed: list[bytes] = []
        written_after: bytes | None = after
        if not after or position >= 0:
            positions = islice(computed_prefix.listed_from(position + 1), most)
            listed += map(computed.handle, positions)
            written_after = b""
        while written_after is not None and len(listed) < most:
            page = await self._register.page(prefix, after=written_after, limit=1000)
            listed += [
                handle
                for handle in page.handles
                if computed.position(names.fold(handle)[start:]) < 0
            ]
            written_after = page.after
        return listed[:most]

    def seek(self, prefix: bytes, position: int) -> tuple[int, bytes]:
        """Return the cursor that is nearest before a place in a listing, and how many handles are before it.

        Within the data set's part that is the place itself, found without walking; elsewhere it is the start.
        """
        computed_prefix = self.computed_prefix(names.fold(prefix))
        reached = 0 if computed_prefix is None else min(position, computed_prefix.listed)
        if computed_prefix is None or reached <= 0:
            return 0, b""
        return reached, computed_prefix.computed.handle(
            computed_prefix.position_of_listed(reached - 1)
        )

    async def count(self, prefix: bytes) -> int:
        """Return how many handles a prefix has."""
        computed_prefix = self.computed_prefix(names.fold(prefix))
        written = await self._register.count(prefix)
        return (
            written
            if computed_prefix is None
            else computed_prefix.computed.count - len(computed_prefix.whiteouts) + written
        )

    def count_computed(self) -> int:
        """Return how many identifiers are as the data set computes them; prefix handles do not count."""
        whiteouts = sum(
            len(computed_prefix.whiteouts)
            for prefix, computed_prefix in self._computed_prefixes.items()
            if prefix != names.PREFIX_OF_PREFIXES
        )
        return self._dataset.count - whiteouts

    def watch(self, callback: Callable[[bytes], None]) -> None:
        """Have ``callback`` called with the folded handle after each change under the prefix ``0.NA``."""
        self._watchers.append(callback)
        self._register.watch(callback)

    def stats(self) -> RegisterStats:
        """Return the register's figures; its identifiers are those written, without whiteouts."""
        stats = self._register.stats()
        return stats._replace(identifiers=stats.identifiers - self._whiteouts)

    async def close(self) -> None:
        """Let the changes under way end, and close the register."""
        await self._changes.drain()
        await self._register.close()


class OverlayStates:
    """States of the register beneath, with which what is known of changed identifiers follows."""

    def __init__(self, states: States, overlay: OverlayRegister) -> None:
        self._states = states
        self._overlay = overlay

    async def save(self, folder: Path, /) -> None:
        """Keep the present state; see `States.save`."""
        await self._overlay.drain()
        await self._states.save(folder)

    async def restore(self, folder: Path, /) -> None:
        """Return to a state; see `States.restore`."""
        await self._overlay.drain()
        await self._states.restore(folder)
        await self._overlay.read_anew()


class OverlayBatches:
    """Whole requests: the register beneath reads those that are of no computed identifier."""

    def __init__(self, batches: RequestRegister, overlay: OverlayRegister) -> None:
        self._batches = batches
        self._computes = overlay.computes
        self.submit_batch = batches.submit_batch
        self.read_handles = batches.read_handles
        """Answers what is written; `OverlayRegister.lookup` knows the rest."""

    async def read_batch(self, request: bytes, *, lines: bool, now: int) -> RequestBatch | None:
        """Have the register read a batch of creations; ``None`` also when one may be of a computed identifier.

        Such a batch goes through `OverlayRegister.submit`, item by item.
        """
        batch = await self._batches.read_batch(request, lines=lines, now=now)
        if batch is None or batch.broken or batch.too_many:
            return batch
        for _position, _source in batch.unrecognised():
            return None  # its handle is not known yet
        touched = (names.prefix_of(names.fold(handle)) for _number, handle in batch.prefixes())
        return None if any(map(self._computes, touched)) else batch
