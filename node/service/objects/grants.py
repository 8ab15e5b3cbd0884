"""Grants and what comes of them: whom something may be granted to, notices, users and groups (idhub-api.md §7)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.service.objects import access, refusals
from idnode.node.service.objects.access import Rights, class_grants, is_application, is_group
from idnode.node.service.objects.applications import APPLICATION_START, GROUP_START
from idnode.registry.directory import orm
from idnode.registry.directory.cache import folded
from idnode.registry.fetching import fetched
from idnode.registry.handle.values import data_of, spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from idnode.node.service.objects.access import Access
    from idnode.node.service.objects.applications import Application
    from idnode.node.service.objects.instances import Instances
    from idnode.node.service.objects.metadata import MetadataTemplates
    from idnode.registry.directory.entries import TemplateEntry
    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register

METADATA_GRANTED: Final = 1
INSTANCE_GRANTED: Final = 2
CLASS_GRANTED: Final = 3
TAKEN_BACK: Final = 3
"""What is added to one of the three when a grant is taken back."""

GRANTING: Final = 1
REMOVAL: Final = 2
USERS_MAX: Final = 1000
"""Most applications, and most groups, that a list shows."""

_NAME_INDEX: Final = 1


class ClassGrant(NamedTuple):
    """Names what is granted of one item of a class; ``kind`` is `access.VIEW` or `access.EDIT`."""

    item: str
    kind: int
    scope: int
    users: tuple[str, ...]
    removed: tuple[str, ...]


class User(NamedTuple):
    """Somebody to whom something can be granted."""

    name: str
    handle: str
    is_group: bool


class Notice(NamedTuple):
    """A message to an application."""

    id: int
    title_type: int
    type: int
    detail: str
    created: int


class Grants:
    """Grants templates, classes and instances, and tells who is granted something."""

    def __init__(  # noqa: PLR0913, PLR0917  # called once, where the parts are put together
        self,
        register: Register,
        directory: Directory,
        templates: MetadataTemplates,
        instances: Instances,
        rights: Access,
        clock: Clock,
    ) -> None:
        self._register = register
        self._directory = directory
        self._templates = templates
        self._instances = instances
        self._rights = rights
        self._clock = clock

    async def metadata(
        self,
        application: Application,
        handle: str,
        scope: int,
        users: Sequence[str],
        removed: Sequence[str],
    ) -> None:
        """Grant a template.

        Raises:
            ObjectRefused: There is none, it is another's, or somebody cannot be granted it.

        """
        _insist_on_scope(scope)
        await fetched(partial(self._insist_on_grantable, application, users))
        fresh = await self._templates.grant(application, handle, scope, users, removed)
        detail = f"元数据{handle}"
        await self._tell(METADATA_GRANTED, detail, fresh, removed)

    async def instance(
        self,
        application: Application,
        handle: str,
        change: Rights,
        removed: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> None:
        """Grant one instance.

        Raises:
            ObjectRefused: There is none, it is another's, or somebody cannot be granted it.

        """
        if change.kind not in {access.FOLLOW_CLASS, access.SINGLE}:
            raise refusals.GrantRefused("授权类型不合符（1同类授权2单个授权）")
        if change.kind == access.SINGLE:
            _insist_on_scope(change.scope)
        users = (*change.readers, *change.writers)
        await fetched(partial(self._insist_on_grantable, application, users))
        fresh, gone = await self._instances.grant(application, handle, change, removed)
        await self._tell(INSTANCE_GRANTED, f"实例标识{handle}", fresh, gone)

    async def publish_items(
        self, application: Application, handle: str, scope: int, items: Sequence[str]
    ) -> None:
        """Let everybody read items of a class (scope 1), or nobody more than before (2).

        Raises:
            ObjectRefused: No such template or item, or the template is not published.

        """
        _insist_on_scope(scope)
        entry = self._granting(application, handle)
        grants = _copied(class_grants(entry))
        for item in items:
            _insist_on_item(entry, item)
            grants.setdefault(item, {})["public"] = scope == access.PUBLIC
        await self._set(entry, grants)

    async def of_class(
        self, application: Application, handle: str, changes: Sequence[ClassGrant]
    ) -> None:
        """Grant items of a class.

        Raises:
            ObjectRefused: No such template, item or user, or a kind and scope that do not go together.

        """
        entry = self._granting(application, handle)
        grants = _copied(class_grants(entry))
        fresh, gone = [], []
        for change in changes:
            _insist_on_item(entry, change.item)
            if change.kind not in {access.VIEW, access.EDIT}:
                raise refusals.GrantRefused("授权类型不合符（1查看2编辑）")
            _insist_on_scope(change.scope)
            if change.kind == access.EDIT and change.scope == access.PUBLIC:
                raise refusals.EditingNotPublic(change.item)
            await fetched(
                partial(self._insist_on_grantable, application, change.users, change.item)
            )
            grant = grants.setdefault(change.item, {})
            if change.kind == access.VIEW:
                grant["public"] = change.scope == access.PUBLIC
            named = "readers" if change.kind == access.VIEW else "editors"
            removed = {folded(each) for each in change.removed}
            present = {folded(each): each for each in grant.get(named, ())}
            fresh += [each for each in change.users if folded(each) not in present]
            gone += [each for key, each in present.items() if key in removed]
            present |= {folded(each): each for each in change.users}
            grant[named] = [each for key, each in present.items() if key not in removed]
        await self._set(entry, grants)
        await self._tell(CLASS_GRANTED, f"元数据{handle}的同类标识", fresh, gone)

    def _granting(self, application: Application, handle: str) -> TemplateEntry:
        entry = self._templates.own(application, handle)
        return self._templates.usable(application, entry.handle)

    async def _set(self, entry: TemplateEntry, grants: dict[str, Any]) -> None:
        await self._templates.set_class_grants(entry, grants)
        await self._instances.follow_class(self._templates.known(entry.handle))

    def _insist_on_grantable(
        self, application: Application, users: Iterable[str], item: str = ""
    ) -> None:
        """Insist on applications of the own enterprise, and groups of any."""
        for user in users:
            own = user.partition("/")[0] == application.prefix.name
            fits = is_group(user) or (own and is_application(user))
            if not fits or self._register.lookup(user.encode(errors="replace")) is None:
                raise refusals.NotGrantable(user, item)

    async def users(self, application: Application) -> list[User]:
        """Return the applications and groups of the application's enterprise."""
        prefix = application.prefix.name
        found = []
        for start in (APPLICATION_START, GROUP_START):
            for handle in await self._beginning(prefix, f"{prefix}/{start}"):
                name = await fetched(partial(self._name_of, handle))
                found.append(User(name, handle, start == GROUP_START))
        return found

    async def _beginning(self, prefix: str, start: str) -> list[str]:
        """Return the first handles of a prefix that begin so."""
        after = wanted = folded(start).encode()  # handles sort by their bytes, folded
        found: list[str] = []
        while True:
            page = await self._register.page(prefix.encode(), after=after, limit=USERS_MAX)
            for handle in page.handles:
                if not folded(handle.decode()).encode().startswith(wanted):
                    return found
                found.append(handle.decode())
            if page.after is None or len(found) >= USERS_MAX:
                return found
            after = page.after

    def _name_of(self, handle: str) -> str:
        """Return what an application is called: its text at index 1, or else its id."""
        stored = self._register.lookup(handle.encode())
        if stored is not None:
            for span in spans(stored.values):
                if span.index == _NAME_INDEX and not span.type.upper().startswith(b"HS_"):
                    return data_of(stored.values, span).decode(errors="replace")
        return handle.partition("_")[2]

    async def _tell(
        self, title: int, what: str, granted: Iterable[str], gone: Iterable[str]
    ) -> None:
        """Leave a message to each who was granted something, or is no more."""
        now = int(self._clock.now())
        messages = [
            orm.Message(recipient=folded(user), title_type=title, type=GRANTING,
                    detail=f"{what}已授权给{user}", created=now)
            for user in dict.fromkeys(granted)
        ] + [
            orm.Message(recipient=folded(user), title_type=title + TAKEN_BACK, type=REMOVAL,
                    detail=f"{what}已取消对{user}的授权", created=now)
            for user in dict.fromkeys(gone)
        ]  # fmt: skip

        def work(session: Session) -> None:
            session.add_all(messages)

        if messages:
            await self._directory.write(work)

    async def notices(
        self, application: Application, page: int, size: int
    ) -> tuple[list[Notice], int]:
        """Return the messages to an application and its groups, newest first, and how many there are."""
        groups = [each.handle for each in await self.users(application) if each.is_group]
        own = await fetched(partial(self._rights.groups_of, application.key, groups))
        recipients = [application.key, *map(folded, own)]

        def work(session: Session) -> tuple[list[Notice], int]:
            of_them = orm.Message.recipient.in_(recipients)
            total = session.scalar(
                orm.select(orm.func.count()).select_from(orm.Message).where(of_them)
            )
            found = orm.select(orm.Message).where(of_them).order_by(orm.Message.id.desc())
            return [
                Notice(each.id, each.title_type, each.type, each.detail, each.created)
                for each in session.scalars(found.offset((page - 1) * size).limit(size))
            ], total or 0

        return await self._directory.read(work)


def _insist_on_scope(scope: int) -> None:
    if scope not in {access.PUBLIC, access.SPECIFIED}:
        raise refusals.GrantRefused("授权范围不合符（1公开2指定）")


def _insist_on_item(entry: TemplateEntry, english: str) -> None:
    if not any(item.id_type == english for item in entry.items.values()):
        raise refusals.ItemUnknown(english)


def _copied(grants: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(grant) for name, grant in grants.items()}
