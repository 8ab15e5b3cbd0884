"""Files as values of instances: uploaded first, then named by their paths (idhub-api.md §7.4)."""

from __future__ import annotations

import asyncio
import os
import secrets
import uuid
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.node.service.objects import refusals
from idnode.node.service.objects.items import FILE_TYPES, data_type_of, suffixes_of
from idnode.registry.directory import orm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from idnode.node.service.objects.applications import Application
    from idnode.registry.directory.entries import ItemEntry, TemplateEntry
    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock

FILE_BYTES_MAX: Final = 50 << 20
_SUFFIX_CHARACTERS_MAX: Final = 16


class Uploaded(NamedTuple):
    """An uploaded file: its number, and the path that a value names it by."""

    id: int
    path: str


class ObjectFiles:
    """Keeps files in a folder and their facts in the directory."""

    def __init__(self, directory: Directory, folder: Path, clock: Clock) -> None:
        self._directory = directory
        self._folder = folder
        self._clock = clock

    async def add(
        self, application: Application, entry: TemplateEntry, english: str, name: str, data: bytes
    ) -> Uploaded:
        """Keep a file for an item of a template.

        Raises:
            ItemUnknown: There is no such item.
            FileTooLong: The item takes no files, or none of this kind or length.
            OSError: The disk refused.

        """
        item = next((each for each in entry.items.values() if each.id_type == english), None)
        if item is None:
            raise refusals.ItemUnknown(english)
        suffix = _suffix(item, name)
        if len(data) > FILE_BYTES_MAX:
            raise refusals.FileTooLong(f"文件大小不能超过{FILE_BYTES_MAX >> 20}MB")
        unique = uuid.UUID(bytes=secrets.token_bytes(16), version=4)
        path = f"{unique}.{suffix}" if suffix else str(unique)
        await asyncio.to_thread(_write, self._folder / path, data)
        now = int(self._clock.now())

        def work(session: Session) -> int:
            row = orm.ObjectFile(
                path=path,
                metadata_handle=entry.handle,
                field=english,
                creator=application.handle,
                bytes=len(data),
                created=now,
            )
            session.add(row)
            session.flush()
            return row.id

        return Uploaded(await self._directory.write(work), path)

    async def insist_on(self, entry: TemplateEntry, item: ItemEntry, paths: Sequence[str]) -> None:
        """Insist on files that were uploaded for this item.

        Raises:
            ItemRefused: One was not.

        """

        def work(session: Session) -> int:
            found = (
                orm.select(orm.func.count())
                .select_from(orm.ObjectFile)
                .where(
                    orm.ObjectFile.path.in_(paths),
                    orm.ObjectFile.metadata_handle == entry.handle,
                    orm.ObjectFile.field == item.id_type,
                )
            )
            return session.scalar(found) or 0

        if await self._directory.read(work) < len(set(paths)):
            raise refusals.ItemRefused(item.id_type, "文件路径应为file-upload返回的filePath")

    async def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotHere: There is none.

        """

        def work(session: Session) -> bool:
            return (
                session.scalar(orm.select(orm.ObjectFile.id).where(orm.ObjectFile.path == path))
                is not None
            )

        if not await self._directory.read(work):
            raise refusals.FileNotHere(path)
        try:
            return await asyncio.to_thread((self._folder / path).read_bytes)
        except OSError as error:
            raise refusals.FileNotHere(path) from error


def _suffix(item: ItemEntry, name: str) -> str:
    if data_type_of(item) not in FILE_TYPES:
        raise refusals.FileTooLong(f"{item.id_type}不是文件类型的属性")
    before, dot, suffix = name.rpartition(".")
    suffix = suffix.lower() if dot and before else ""
    allowed = suffixes_of(item)
    if allowed is not None and suffix not in allowed:
        raise refusals.FileTooLong(f"文件格式应为{'、'.join(allowed)}")
    plain = suffix.isascii() and suffix.isalnum() and len(suffix) <= _SUFFIX_CHARACTERS_MAX
    return suffix if plain else ""


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
