"""Metadata templates: made, edited, published, granted and copied by applications (idhub-api.md §5).

They are the templates of every other face: the code is what SNMS calls the version, the English name its ``idType``.
What IDHub knows besides lies in ``details``. A template that was made over SNMS is published and its enterprise's own.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from idnode.node.service.directory.industry import check_industry
from idnode.node.service.objects import access, refusals
from idnode.node.service.objects.template_rows import (
    OTHER_KIND,
    PUBLISHED,
    UNCLASSIFIED,
    UNPUBLISHED,
    Head,
    MetadataItem,
    details_of,
    is_copy,
    item_of,
    put_item,
    set_head,
    state_of,
)
from idnode.registry.directory import orm
from idnode.registry.directory.cache import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from idnode.node.service.objects.access import Access
    from idnode.node.service.objects.applications import Application
    from idnode.registry.directory.entries import TemplateEntry
    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock


class MetadataTemplates:
    """Finds, makes and changes metadata templates for applications."""

    def __init__(self, directory: Directory, clock: Clock, rights: Access) -> None:
        self._directory = directory
        self._cache = directory.cache
        self._clock = clock
        self._rights = rights

    def known(self, handle: str) -> TemplateEntry:
        """Return a template, whoever asks.

        Raises:
            MetadataAbsent: There is none.

        """
        found = self._cache.templates_by_handle.get(folded(handle))
        if found is None:
            raise refusals.MetadataAbsent(handle)
        return found

    def shown_to(self, application: Application, handle: str) -> TemplateEntry:
        """Return a template that an application may see: its own, a granted or a public one.

        Raises:
            MetadataAbsent: There is none.
            MetadataHidden: It is none of those.

        """
        entry = self.known(handle)
        if not (self.manages(application, entry) or self._granted(application, entry)):
            raise refusals.MetadataHidden(handle)
        return entry

    def usable(self, application: Application, handle: str) -> TemplateEntry:
        """Return a published template of the own enterprise that an application may make identifiers with.

        Raises:
            MetadataAbsent: There is none.
            MetadataUnpublished: It is not published.
            MetadataNotManaged: It is another enterprise's, or not granted.

        """
        entry = self.known(handle)
        own = self.manages(application, entry)
        same = entry.prefix == application.prefix.name
        if not own and not (same and self._granted(application, entry)):
            raise refusals.MetadataNotManaged(handle)
        if state_of(entry) != PUBLISHED:
            raise refusals.MetadataUnpublished(handle)
        return entry

    @staticmethod
    def manages(application: Application, entry: TemplateEntry) -> bool:
        """Return whether a template is an application's own."""
        if entry.prefix != application.prefix.name:
            return False
        return entry.details is None or folded(entry.details["creator"]) == application.key

    def _granted(self, application: Application, entry: TemplateEntry) -> bool:
        details = entry.details
        if details is None:
            return False
        public = details["scope"] == access.PUBLIC
        return public or self._rights.includes(details["users"], application.key)

    def own(self, application: Application, handle: str) -> TemplateEntry:
        """Return an application's own template.

        Raises:
            MetadataAbsent: There is none.
            MetadataNotManaged: It is another's.

        """
        entry = self.known(handle)
        if not self.manages(application, entry):
            raise refusals.MetadataNotManaged(handle)
        return entry

    async def create(
        self,
        application: Application,
        head: Head,
        items: Sequence[MetadataItem],
        handle: str | None = None,
        base: str = "",
    ) -> str:
        """Make a template, unpublished and granted to nobody, and return its handle.

        Raises:
            ForeignHandle: The handle lies under another prefix.
            ObjectRefused: Something does not fit, or is taken.

        """
        check_industry(*head.industry)
        handle = self._free_handle(application, handle)
        if (application.prefix.name, head.code) in self._cache.templates:
            raise refusals.MetadataTaken("metaCode", head.code)
        now = int(self._clock.now())
        details = {
            "handle": handle,
            "name": head.name,
            "classify": head.classify,
            "standard": head.standard,
            "state": UNPUBLISHED,
            "scope": access.SPECIFIED,
            "users": [],
            "creator": application.handle,
            "base": base,
            "grants": {},
            "published": 0,
        }

        def work(session: Session) -> None:
            template = orm.Template(
                prefix_id=application.prefix.id,
                version=head.code,
                kind=OTHER_KIND,
                created=now,
                details=details,
            )
            set_head(template, head, now)
            session.add(template)
            for item in items:
                put_item(template, item)

        await self._directory.write(work)
        return handle

    def _free_handle(self, application: Application, handle: str | None) -> str:
        prefix = application.prefix.name
        if not handle:
            return f"{prefix}/META_{secrets.token_hex(7)}"
        before, slash, suffix = handle.partition("/")
        if not (before and slash and suffix):
            raise refusals.HandleMalformed(handle)
        if before != prefix:
            raise refusals.ForeignHandle(handle)
        if folded(handle) in self._cache.templates_by_handle:
            raise refusals.MetadataTaken("metaHandle", handle)
        return handle

    async def set_head(self, application: Application, handle: str, head: Head) -> None:
        """Edit the head data of an own template.

        Raises:
            ObjectRefused: There is none, it is another's, or the code is taken.

        """
        check_industry(*head.industry)
        entry = self.own(application, handle)
        other = self._cache.templates.get((entry.prefix, head.code))
        if other is not None and other.id != entry.id:
            raise refusals.MetadataTaken("metaCode", head.code)
        changes = {"name": head.name, "classify": head.classify, "standard": head.standard}
        await self._change(entry, changes, head=head)

    async def set_items(
        self, application: Application, handle: str, items: Sequence[MetadataItem]
    ) -> None:
        """Edit the items of an own template: one with a known index in place, others are appended.

        Raises:
            ObjectRefused: There is none, it is another's or a copy, or an item does not fit.

        """
        entry = self.own(application, handle)
        if is_copy(entry):
            raise refusals.MetadataNotManaged(handle, "is a copy, whose items stay as they are")
        await self._change(entry, {}, items=items)

    async def delete(self, application: Application, handles: Sequence[str]) -> None:
        """Delete own, unpublished templates: all of them or none.

        Raises:
            ObjectRefused: One of them is absent, another's, or published.

        """
        found = []
        for handle in handles:
            entry = self.known(handle)
            if not self.manages(application, entry):
                raise refusals.MetadataNotDeletable(handle, "foreign")
            if state_of(entry) == PUBLISHED:
                raise refusals.MetadataNotDeletable(handle, "published")
            found.append(entry.id)

        def work(session: Session) -> None:
            for template in session.scalars(
                orm.select(orm.Template).where(orm.Template.id.in_(found))
            ):
                session.delete(template)

        await self._directory.write(work)

    async def publish(self, application: Application, handle: str, *, withdraw: bool) -> None:
        """Publish an own template, or withdraw it; again is harmless.

        Raises:
            ObjectRefused: There is none, or it is another's.

        """
        entry = self.own(application, handle)
        state = UNPUBLISHED if withdraw else PUBLISHED
        changes: dict[str, Any] = {"state": state}
        if not withdraw:
            changes["published"] = int(self._clock.now())
        await self._change(entry, changes)

    async def grant(
        self,
        application: Application,
        handle: str,
        scope: int,
        users: Sequence[str],
        removed: Sequence[str],
    ) -> list[str]:
        """Grant an own template; return who is granted it anew.

        Raises:
            ObjectRefused: There is none, it is another's, or a copy that would leave the enterprise.

        """
        entry = self.own(application, handle)
        if is_copy(entry) and (scope == access.PUBLIC or any(map(self._foreign(entry), users))):
            raise refusals.MetadataNotManaged(handle, "is a copy, which stays in its enterprise")
        present = details_of(entry)["users"]
        gone = {folded(each) for each in removed}
        kept = [each for each in present if folded(each) not in gone]
        known = {folded(each) for each in kept}
        fresh = [each for each in dict.fromkeys(users) if folded(each) not in known]
        await self._change(entry, {"scope": scope, "users": [*kept, *fresh]})
        return fresh

    @staticmethod
    def _foreign(entry: TemplateEntry) -> Any:
        return lambda user: user.partition("/")[0] != entry.prefix

    async def set_class_grants(self, entry: TemplateEntry, grants: dict[str, Any]) -> None:
        """Put what is granted of a class in the place of what was."""
        await self._change(entry, {"grants": grants})

    async def copy(
        self, application: Application, base: str, code: str, classify: str, handle: str | None
    ) -> str:
        """Copy a template that is public or granted, and return the copy's handle.

        Raises:
            ObjectRefused: There is none, it is not granted, or the code is taken.

        """
        entry = self.shown_to(application, base)
        head = Head(
            classify,
            details_of(entry)["name"],
            code,
            entry.industry,
            details_of(entry)["standard"],
            entry.description,
        )
        items = [item_of(entry, index) for index in entry.items]
        return await self.create(application, head, items, handle, base=entry.handle)

    def listed(self, application: Application, classify: str | None = None) -> list[TemplateEntry]:
        """Return the templates of an application and those granted to it in its enterprise, newest first."""
        found = [
            entry
            for entry in self._cache.templates.values()
            if entry.prefix == application.prefix.name
            and (classify is None or details_of(entry)["classify"] == classify)
            and (self.manages(application, entry) or self._granted(application, entry))
        ]
        return sorted(found, key=lambda entry: (-entry.created, -entry.id))

    def classes(self, application: Application) -> list[str]:
        """Return the codes of the enterprise's data classes: the one that everybody has, and those in use."""
        prefix = application.prefix.name
        used = {
            details_of(entry)["classify"]
            for entry in self._cache.templates.values()
            if entry.prefix == prefix
        }
        return [UNCLASSIFIED, *sorted(used - {UNCLASSIFIED})]

    async def _change(
        self,
        entry: TemplateEntry,
        changes: dict[str, Any],
        *,
        head: Head | None = None,
        items: Sequence[MetadataItem] = (),
    ) -> None:
        now = int(self._clock.now())

        def work(session: Session) -> None:
            template = session.get(orm.Template, entry.id)
            if template is None:
                raise refusals.MetadataAbsent(entry.handle)
            template.details = {**(template.details or details_of(entry)), **changes}
            template.updated = now
            if head is not None:
                template.version = head.code
                set_head(template, head, now)
            for item in items:
                put_item(template, item)

        await self._directory.write(work)
