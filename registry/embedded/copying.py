"""Gives and takes whole registers on this machine, for `registry/copying.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.registry.copying import Item, Place
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.errors import HandleExists, RegisterClosed
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.names import fold
from idnode.registry.mutation import Create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

PORTION: Final = 20_000
"""Records that are given at once."""

_PLACE_FILE: Final = "copied"


class EmbeddedCopying:
    """One end of a copy: the register in a folder, which no node has open. Made by `open`."""

    def __init__(self, folder: Path, register: EmbeddedRegister) -> None:
        self._folder = folder
        self._register = register
        self.name = str(folder.resolve())

    @classmethod
    async def open(cls, folder: Path) -> EmbeddedCopying:
        """Open the register in a folder, which is made on first use.

        Raises:
            DataDirectoryInUse: A node has it open.
            LogDamaged: The log is broken.
            OSError: The disk refused.

        """
        return cls(folder, await EmbeddedRegister.open(folder))

    async def count(self) -> int:
        """Return how many records there are."""
        return self._register.stats().identifiers

    async def portions(self, after: bytes) -> AsyncIterator[Sequence[Item]]:
        """Yield the records behind a folded handle, ascending by it."""
        # Folded handles ascend as their prefixes with a slash behind them do.
        prefixes = sorted(self._register.prefixes(), key=lambda prefix: prefix + b"/")
        waiting: list[Item] = []
        for prefix in prefixes:
            cursor: bytes | None = after if after.startswith(prefix + b"/") else b""
            if not cursor and prefix + b"/" < after:
                continue  # copied before
            while cursor is not None:
                records, cursor = self._register.records(prefix, after=cursor, limit=PORTION)
                waiting += [Item(fold(stored.handle), stored) for stored in records]
                if len(waiting) >= PORTION:
                    yield waiting
                    waiting = []
        if waiting:
            yield waiting

    async def reached(self, source: str) -> Place:
        """Return how far a copy of this source got."""
        try:
            name, records, after = self._place_file.read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return Place(b"", 0)
        if bytes.fromhex(name).decode() != source:
            return Place(b"", 0)
        return Place(bytes.fromhex(after), int(records))

    async def take(self, source: str, portion: Sequence[Item], place: Place) -> int:
        """Create the records of a portion, and note the place.

        Raises:
            RegistryError: The register refused one.

        """
        kept = 0
        mutations = [
            Create(stored.handle, stored.values, public=stored.public) for _key, stored in portion
        ]
        for outcome in await self._register.submit(mutations):
            if isinstance(outcome, HandleExists):
                kept += 1
            elif isinstance(outcome, RegistryError):
                raise outcome
        lines = (source.encode().hex(), str(place.records), place.after.hex())
        self._place_file.write_text("\n".join(lines), encoding="ascii")
        return kept

    async def finish(self, _source: str) -> None:
        """Put everything on the disk, and forget the place.

        Raises:
            RegisterClosed: The disk refused.

        """
        await self._register.close()
        if self._register.failed:
            raise RegisterClosed("The log failed")
        self._place_file.unlink(missing_ok=True)

    async def close(self) -> None:
        """Let the folder go."""
        await self._register.close()

    @property
    def _place_file(self) -> Path:
        return self._folder / _PLACE_FILE
