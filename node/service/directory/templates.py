"""Templates: which attributes the identifiers of a prefix have (snms-api.md §5).

A template is found by prefix and version. Its items are never removed, only disabled; an edit names the items
that change, and those that are new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.node.service.directory.industry import check_industry
from idnode.node.service.directory.ownership import enabled_prefix, own_prefix
from idnode.node.service.directory.refusals import (
    Absent,
    FieldRefused,
    IndexRepeated,
    IndexReserved,
    ItemConflict,
    Taken,
    TemplateElsewhere,
    TooManyItems,
)
from idnode.registry.directory import orm
from idnode.registry.directory.entries import FIRST_ITEM_INDEX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from idnode.registry.directory.entries import AccountEntry, TemplateEntry
    from idnode.registry.directory.store import Directory
    from idnode.registry.directory.tables import Template
    from idnode.registry.handle.clock import Clock

TEMPLATE_ID_INDEX: Final = 1000
"""Index at which a registered identifier names its template's handle."""

TEMPLATE_INDEX: Final = 1001
"""Index at which a registered identifier names its template's version."""

RESERVED_INDEXES: Final = frozenset({TEMPLATE_ID_INDEX, TEMPLATE_INDEX, 1999})
"""Indexes that no item may have."""

ITEMS_MAX: Final = 1000
"""Most items of a template; a record has room for twice as many values."""

INDEX_MAX: Final = 0x7FFFFFFF
"""Highest index of a handle value; eleven digits, as documented, would not fit the protocol."""

INDEX_RANGE: Final = f"{FIRST_ITEM_INDEX}到{INDEX_MAX}之间的整数"
"""Says which indexes an item may have."""

CHARACTERS: Final = 1
"""The type of values that a template of this API can have, as metadata templates number types."""

KINDS: Final = frozenset({1, 2})
"""1: active identifier carrier, 2: other."""


class NewItem(NamedTuple):
    """An item as sent; None leaves the choice, or the present state, to the node."""

    name: str
    id_type: str
    id_index: int | None
    required: bool | None
    enabled: bool | None
    min_length: int
    max_length: int


class NewTemplate(NamedTuple):
    """A template as sent."""

    prefix: str
    version: str
    kind: int
    description: str
    industry: tuple[str, str, str, str]
    items: Sequence[NewItem]


class Templates:
    """Finds, makes, edits and deletes templates for those who may."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._cache = directory.cache
        self._clock = clock

    def find(self, account: AccountEntry, prefix: str, version: str) -> TemplateEntry:
        """Return a template.

        Raises:
            NotPermitted: The prefix is somebody else's.
            Absent: There is no such prefix or template.

        """
        own_prefix(self._cache, account, prefix)
        return self._plain(prefix, version)

    def known(self, prefix: str, version: str) -> TemplateEntry:
        """Return a template that identifiers can be registered with, whoever asks.

        Raises:
            Absent: There is none.
            TemplateElsewhere: It has items of other types than characters, or is not published.

        """
        found = self._plain(prefix, version)
        if found.details is not None and not found.details["state"]:
            raise TemplateElsewhere(f"{prefix} {version}", "unpublished")
        return found

    def _plain(self, prefix: str, version: str) -> TemplateEntry:
        """Return a template of characters only, as all of this API are.

        Raises:
            Absent: There is none.
            TemplateElsewhere: It has items of other types.

        """
        found = self._cache.templates.get((prefix, version))
        if found is None:
            raise Absent("template", f"{prefix} {version}")
        for item in found.items.values():
            if item.details is not None and item.details["schema"]["dataType"] != CHARACTERS:
                raise TemplateElsewhere(f"{prefix} {version}", "typed")
        return found

    async def create(self, account: AccountEntry, new: NewTemplate) -> None:
        """Make a template; items without an index are numbered in their order.

        Raises:
            NotPermitted: The prefix is somebody else's.
            RuleBroken: The prefix is not enabled, the template exists, or something in it does not fit.

        """
        entry = enabled_prefix(self._cache, account, new.prefix)
        check_template(new)
        now = int(self._clock.now())

        def work(session: Session) -> None:
            if _stored(session, entry.id, new.version) is not None:
                raise Taken("template", f"{new.prefix} {new.version}")
            template = orm.Template(prefix_id=entry.id, version=new.version, created=now)
            _describe(template, new, now)
            session.add(template)
            for item in new.items:
                _append(template, item)

        await self._directory.write(work)

    async def edit(self, account: AccountEntry, new: NewTemplate) -> None:
        """Change a template: its description, the items named by index and type, and new items.

        Raises:
            NotPermitted: The prefix is somebody else's.
            RuleBroken: There is no such template, or something in the change does not fit.

        """
        entry = enabled_prefix(self._cache, account, new.prefix)
        check_template(new)
        now = int(self._clock.now())

        def work(session: Session) -> None:
            template = _stored(session, entry.id, new.version)
            if template is None:
                raise Absent("template", f"{new.prefix} {new.version}")
            _describe(template, new, now)
            for item in new.items:
                _edit(template, item)

        await self._directory.write(work)

    async def delete(self, account: AccountEntry, prefix: str, version: str) -> None:
        """Delete a template; identifiers registered with it stay and resolve.

        Raises:
            NotPermitted: The prefix is somebody else's.
            Absent: There is no such prefix or template.

        """
        entry = own_prefix(self._cache, account, prefix)

        def work(session: Session) -> None:
            template = _stored(session, entry.id, version)
            if template is None:
                raise Absent("template", f"{prefix} {version}")
            session.delete(template)

        await self._directory.write(work)


def _stored(session: Session, prefix_id: int, version: str) -> Template | None:
    return session.scalar(
        orm.select(orm.Template).where(
            orm.Template.prefix_id == prefix_id, orm.Template.version == version
        )
    )


def check_template(new: NewTemplate) -> None:
    """Insist on what can be judged without the directory.

    Raises:
        RuleBroken: Something in the template does not fit.

    """
    if new.kind not in KINDS:
        raise FieldRefused("type", new.kind, "1或2：1为主动标识载体，2为其他")
    check_industry(*new.industry)
    if len(new.items) > ITEMS_MAX:
        raise TooManyItems(ITEMS_MAX)
    seen: set[int] = set()
    for place, item in enumerate(new.items):
        if item.min_length > item.max_length:
            raise FieldRefused(
                f"items.{place}.metadata.maxLength",
                item.max_length,
                f"不小于minLength（{item.min_length}）",
            )
        index = item.id_index
        if index is None:  # a free one is chosen when an identifier is written
            continue
        if index in RESERVED_INDEXES:
            raise IndexReserved(index)
        if not FIRST_ITEM_INDEX <= index <= INDEX_MAX:
            raise FieldRefused(f"items.{place}.idIndex", index, INDEX_RANGE)
        if index in seen:
            raise IndexRepeated(index)
        seen.add(index)


def _describe(template: Template, new: NewTemplate, now: int) -> None:
    template.kind = new.kind
    template.description = new.description
    (
        template.industry_category,
        template.industry_specific,
        template.industry_trade,
        template.industry_subclass,
    ) = new.industry
    template.updated = now


def _edit(template: Template, item: NewItem) -> None:
    """Change the item with this index and type, or add one."""
    present = next((each for each in template.items if each.id_index == item.id_index), None)
    if present is None:
        _append(template, item)
        return
    if present.id_type != item.id_type:
        raise ItemConflict(present.id_index)
    if any(each.name == item.name for each in template.items if each is not present):
        raise Taken("name", item.name)
    present.name = item.name
    present.min_length = item.min_length
    present.max_length = item.max_length
    if item.required is not None:
        present.required = item.required
    if item.enabled is not None:
        present.enabled = item.enabled


def _append(template: Template, item: NewItem) -> None:
    """Add an item, at its index or the next free one."""
    index = item.id_index
    if index is None:
        index = max((each.id_index for each in template.items), default=FIRST_ITEM_INDEX - 1) + 1
    if any(each.id_index == index for each in template.items):
        raise IndexRepeated(index)
    if any(each.id_type == item.id_type for each in template.items):
        raise Taken("idType", item.id_type)
    if any(each.name == item.name for each in template.items):
        raise Taken("name", item.name)
    if len(template.items) >= ITEMS_MAX:
        raise TooManyItems(ITEMS_MAX)
    if index > INDEX_MAX:
        raise FieldRefused("idIndex", index, INDEX_RANGE)
    template.items.append(
        orm.TemplateItem(
            name=item.name,
            id_type=item.id_type,
            id_index=index,
            required=bool(item.required),
            enabled=item.enabled is not False,
            min_length=item.min_length,
            max_length=item.max_length,
        )
    )
