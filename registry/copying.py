"""Copies all records of one register into another, whatever their engines, and goes on where it was broken off.

Records come in ascending order of their folded handles, some at a time. The target keeps with each portion how far it
got, so a copy that is broken off is begun again with the same command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from idnode.registry.register import Stored


class Item(NamedTuple):
    """One record and its folded handle."""

    key: bytes
    stored: Stored


class Source(Protocol):
    """A register that is copied, and that nobody changes meanwhile."""

    @property
    def name(self) -> str:
        """Return what tells it from other ones."""

    async def count(self) -> int:
        """Return how many records it has."""

    def portions(self, after: bytes) -> AsyncIterator[Sequence[Item]]:
        """Yield its records behind a folded handle, ascending."""

    async def close(self) -> None:
        """Let it go."""


class Place(NamedTuple):
    """Tells how far a copy got: behind which folded handle, and after how many records."""

    after: bytes
    records: int


class Target(Protocol):
    """A register that takes records."""

    async def reached(self, source: str) -> Place:
        """Return how far a copy of this source got, the start if there was none."""

    async def take(self, source: str, portion: Sequence[Item], place: Place) -> int:
        """Take a portion and note the place behind it; return how many of its handles had a record already.

        These keep the record that they have.
        """

    async def finish(self, source: str) -> None:
        """Put everything on the disk, and forget the place."""

    async def close(self) -> None:
        """Let it go."""


class CopyingEnd(Source, Target, Protocol):
    """A register that can be either."""


class Copied(NamedTuple):
    """Tells what a copy did: records copied in all, those that an earlier call had done, those that were there already."""

    records: int
    earlier: int
    kept: int


async def copy(
    source: Source, target: Target, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Copied:
    """Copy every record; ``progress`` is called with records done and in total.

    Raises:
        RegistryError: One of them failed; what was copied stays, and the next call goes on from there.
        OSError: Likewise.

    """
    total = await source.count()
    place = await target.reached(source.name)
    earlier, kept = place.records, 0
    async for portion in source.portions(place.after):
        place = Place(portion[-1].key, place.records + len(portion))
        kept += await target.take(source.name, portion, place)
        progress(place.records, total)
    await target.finish(source.name)
    return Copied(place.records, earlier, kept)
