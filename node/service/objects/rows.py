"""Rows about instances in the directory: which there are of a template, and which values are taken.

The register holds what an instance is; a row only finds it. Rows are written before the record, so that a unique value
is never given twice; one whose record is gone is passed over.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from idnode.registry.directory import orm
from idnode.registry.directory.cache import folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from idnode.registry.directory.store import Directory


class Asked(NamedTuple):
    """Names which rows: of a template, from ``since`` to ``until``; pages count from 0."""

    template: str
    name: str = ""
    since: int | None = None
    until: int | None = None
    page: int = 0
    size: int = 10


class Row(NamedTuple):
    """An instance as a list shows it."""

    handle: str
    creator: str
    created: int
    updated: int


class Rows:
    """Writes and reads the rows."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def claim(self, template: str, row: Row, unique: Mapping[int, str]) -> dict[int, str]:
        """Write a row and claim unique values; or write nothing and return who has those that are taken."""

        def work(session: Session) -> dict[int, str]:
            taken = _claim(session, template, row.handle, unique)
            if not taken:
                session.merge(
                    orm.Instance(key=folded(row.handle), metadata_handle=template, **row._asdict())
                )
            return taken

        return await self._directory.write(work)

    async def reclaim(
        self, template: str, handle: str, unique: Mapping[int, str], now: int
    ) -> dict[int, str]:
        """Note that an instance changes, and which unique values it has then; as `claim`."""

        def work(session: Session) -> dict[int, str]:
            taken = _claim(session, template, handle, unique)
            if not taken:
                session.execute(
                    orm.update(orm.Instance)
                    .where(orm.Instance.key == folded(handle))
                    .values(updated=now)
                )
            return taken

        return await self._directory.write(work)

    async def forget(self, handles: Sequence[str]) -> None:
        """Remove rows, and give their unique values free."""
        keys = [folded(handle) for handle in handles]

        def work(session: Session) -> None:
            session.execute(orm.delete(orm.UniqueValue).where(orm.UniqueValue.key.in_(keys)))
            session.execute(orm.delete(orm.Instance).where(orm.Instance.key.in_(keys)))

        await self._directory.write(work)

    async def page(self, asked: Asked) -> tuple[list[Row], int]:
        """Return the rows of a page, newest first, and how many there are in all."""

        def work(session: Session) -> tuple[list[Row], int]:
            wanted = _conditions(asked)
            total = session.scalar(
                orm.select(orm.func.count()).select_from(orm.Instance).where(*wanted)
            )
            shown = (
                orm.select(orm.Instance)
                .where(*wanted)
                .order_by(orm.Instance.created.desc(), orm.Instance.key)
            )
            shown = shown.offset(asked.page * asked.size).limit(asked.size)
            return [
                Row(each.handle, each.creator, each.created, each.updated)
                for each in session.scalars(shown)
            ], total or 0

        return await self._directory.read(work)

    async def handles_behind(self, template: str, after: str, limit: int) -> list[str]:
        """Return handles of a template's instances whose folded form sorts behind one."""

        def work(session: Session) -> list[str]:
            found = orm.select(orm.Instance.handle).where(
                orm.Instance.metadata_handle == template, orm.Instance.key > after
            )
            return list(session.scalars(found.order_by(orm.Instance.key).limit(limit)))

        return await self._directory.read(work)


def _claim(
    session: Session, template: str, handle: str, unique: Mapping[int, str]
) -> dict[int, str]:
    """Claim values for a handle; return who has those that are taken, and claim nothing then."""
    key = folded(handle)
    taken = {}
    wanted = {index: hashlib.sha256(text.encode()).hexdigest() for index, text in unique.items()}
    for index, digest in wanted.items():
        holder = session.get(orm.UniqueValue, (template, index, digest))
        if holder is not None and holder.key != key:
            taken[index] = holder.key
    if taken:
        return taken
    for index, digest in wanted.items():
        session.execute(
            orm.delete(orm.UniqueValue).where(
                orm.UniqueValue.metadata_handle == template,
                orm.UniqueValue.item_index == index,
                orm.UniqueValue.key == key,
            )
        )
        session.add(
            orm.UniqueValue(metadata_handle=template, item_index=index, digest=digest, key=key)
        )
    return taken


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [orm.Instance.metadata_handle == asked.template]
    if asked.name:
        found.append(orm.Instance.handle.contains(asked.name, autoescape=True))
    if asked.since is not None:
        found.append(orm.Instance.created >= asked.since)
    if asked.until is not None:
        found.append(orm.Instance.created <= asked.until)
    return found
