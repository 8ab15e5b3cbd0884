"""Uploaded files: licences as images, contracts as PDF (snms-api.md §8, F1).

A file's kind is told by its first bytes, never by its name. Files lie in one folder under names of our own;
one that no row of the directory knows, left by a crash, is removed at the next start.
"""

from __future__ import annotations

import os
import secrets
import uuid
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.node.service.directory.refusals import FileRefused
from idnode.registry.directory import orm

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from idnode.registry.directory.entries import AccountEntry
    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock

IMAGE_BYTES_MAX: Final = 1 << 20
PDF_BYTES_MAX: Final = 5 << 20
FILE_BYTES_MAX: Final = PDF_BYTES_MAX
"""Longest file of any kind."""


class Kind(NamedTuple):
    """A kind of file: how it starts, what it is called, how long it may be."""

    start: bytes
    suffix: str
    media_type: str
    bytes_max: int


KINDS: Final = (
    Kind(b"\xff\xd8\xff", "jpg", "image/jpeg", IMAGE_BYTES_MAX),
    Kind(b"\x89PNG\r\n\x1a\n", "png", "image/png", IMAGE_BYTES_MAX),
    Kind(b"BM", "bmp", "image/bmp", IMAGE_BYTES_MAX),
    Kind(b"%PDF-", "pdf", "application/pdf", PDF_BYTES_MAX),
)


def kind_of(data: bytes) -> Kind:
    """Return the kind of a file by its content.

    Raises:
        FileRefused: None that is taken, or too long for its kind.

    """
    for kind in KINDS:
        if data.startswith(kind.start):
            if len(data) > kind.bytes_max:
                raise FileRefused(kind.bytes_max)
            return kind
    raise FileRefused


class Files:
    """Keeps files in a folder and their facts in the directory."""

    def __init__(self, directory: Directory, folder: Path, clock: Clock) -> None:
        self._directory = directory
        self._folder = folder
        self._clock = clock

    async def add(self, account: AccountEntry, data: bytes) -> tuple[int, str]:
        """Keep a file and return its number and name.

        Raises:
            FileRefused: Not of a kind that is taken, or too long.
            OSError: The disk refused.

        """
        kind = kind_of(data)
        name = f"{uuid.UUID(bytes=secrets.token_bytes(16), version=4)}.{kind.suffix}"
        now = int(self._clock.now())

        def work(session: Session) -> int:
            _write(self._folder / name, data)
            stored = orm.StoredFile(
                path=name,
                account_id=account.id,
                media_type=kind.media_type,
                bytes=len(data),
                created=now,
            )
            session.add(stored)
            session.flush()
            return stored.id

        return await self._directory.write(work), name

    async def remove_strangers(self) -> int:
        """Remove files that no row knows, and return how many; for the start, before anybody uploads."""

        def work(session: Session) -> int:
            known = set(session.scalars(orm.select(orm.StoredFile.path)))
            known |= set(session.scalars(orm.select(orm.ObjectFile.path)))
            found = [path for path in self._folder.glob("*") if path.name not in known]
            for path in found:
                path.unlink()
            return len(found)

        return await self._directory.read(work) if self._folder.is_dir() else 0


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
