"""Onboarded enterprises: pages of enterprises and prefixes, and one of each (snms-api.md §8, E3 to P2).

Everybody sees what is theirs, an administrator sees all. Points in time are epoch seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from idnode.node.service.directory.refusals import Absent, NotPermitted
from idnode.registry.directory import orm
from idnode.registry.directory.states import PrefixStatus, ProxyState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from idnode.registry.directory.entries import AccountEntry
    from idnode.registry.directory.store import Directory
    from idnode.registry.directory.tables import Account, Enterprise, Prefix, Template

PAGE_ROWS_MAX: Final = 1000
"""Most rows of one page."""

_FIRST_GENERAL_ID: Final = 10**15

_Row = TypeVar("_Row")
_Table = TypeVar("_Table", "Account", "Enterprise", "Prefix", "Template")


class Asked(NamedTuple):
    """Names which page of which rows: ``number`` from 1; created from ``since`` to ``until``, both included."""

    number: int = 1
    size: int = 10
    name: str = ""
    prefix: str = ""
    since: int | None = None
    until: int | None = None
    status: int | None = None


class DirectoryPage(NamedTuple, Generic[_Row]):
    """One page, and how many rows there are in all."""

    rows: Sequence[_Row]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """Return how many pages there are."""
        return -(-self.total // self.size)


class EnterpriseRow(NamedTuple):
    """An enterprise; ``general_id`` is its number in sixteen digits."""

    id: int
    general_id: str
    name: str
    username: str
    open_id: str
    certificate: tuple[str, str]
    form: dict[str, Any]
    prefixes: tuple[str, ...]
    created: int
    updated: int


class PrefixRow(NamedTuple):
    """A prefix with its enterprise."""

    id: int
    name: str
    status: PrefixStatus
    proxy_state: ProxyState
    reason: str
    server: dict[str, Any] | None
    enterprise: EnterpriseRow
    created: int
    updated: int


class TemplateRow(NamedTuple):
    """A template in a list."""

    id: int
    prefix: str
    version: str
    description: str
    items: int
    created: int
    updated: int


class AccountRow(NamedTuple):
    """An account in a list, without what proves its owner."""

    id: int
    username: str
    role: str
    email: str
    mobile: str
    created: int


class Enterprises:
    """Reads the directory for those who may."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def page(self, asking: AccountEntry | None, asked: Asked) -> DirectoryPage[EnterpriseRow]:
        """Return a page of enterprises; ``asking`` None stands for the operator of the node."""
        conditions = _created(orm.Enterprise.created, asked)
        if asked.name:
            conditions.append(orm.Enterprise.name.contains(asked.name, autoescape=True))
        if asked.prefix:
            conditions.append(
                orm.Enterprise.prefixes.any(orm.Prefix.name.contains(asked.prefix, autoescape=True))
            )
        if asking is not None and not asking.is_admin:
            conditions.append(orm.Enterprise.account_id == asking.id)
        wanted = _whole(orm.select(orm.Enterprise).where(*conditions).order_by(orm.Enterprise.id))
        return await self._page(wanted, asked, _enterprise)

    async def one(self, asking: AccountEntry | None, number: int) -> EnterpriseRow:
        """Return an enterprise.

        Raises:
            NotPermitted: It is somebody else's, or nobody's and no administrator asks.
            Absent: There is none.

        """
        operator = asking is None or asking.is_admin

        def work(session: Session) -> EnterpriseRow | None:
            found = session.scalar(
                _whole(orm.select(orm.Enterprise).where(orm.Enterprise.id == number)).limit(1)
            )
            if not operator and (found is None or found.account_id != asking.id):  # type: ignore[union-attr]
                raise NotPermitted(f"Enterprise {number} is not yours")
            return None if found is None else _enterprise(found)

        found = await self._directory.read(work)
        if found is None:
            raise Absent("enterprise", number)
        return found

    async def prefixes(self, asking: AccountEntry | None, asked: Asked) -> DirectoryPage[PrefixRow]:
        """Return a page of prefixes."""
        conditions = _created(orm.Prefix.created, asked)
        if asked.prefix:
            conditions.append(orm.Prefix.name.contains(asked.prefix, autoescape=True))
        if asked.name:
            conditions.append(orm.Enterprise.name.contains(asked.name, autoescape=True))
        if asked.status is not None:
            conditions.append(orm.Prefix.status == asked.status)
        if asking is not None and not asking.is_admin:
            conditions.append(orm.Enterprise.account_id == asking.id)
        return await self._page(_prefixes(*conditions), asked, _prefix)

    async def reviews(self, asked: Asked) -> DirectoryPage[PrefixRow]:
        """Return a page of the prefixes that wait for a decision."""
        waiting = orm.Prefix.status.in_((PrefixStatus.WAITING, PrefixStatus.UNDER_REVIEW))
        hosting = (orm.Prefix.status == PrefixStatus.ENABLED) & (
            orm.Prefix.proxy_state == ProxyState.APPLIED
        )
        return await self._page(_prefixes(waiting | hosting), asked, _prefix)

    async def prefix(self, name: str) -> PrefixRow:
        """Return a prefix, whoever asks.

        Raises:
            Absent: There is none.

        """

        def work(session: Session) -> PrefixRow | None:
            found = session.scalar(_prefixes(orm.Prefix.name == name).limit(1))
            return None if found is None else _prefix(found)

        found = await self._directory.read(work)
        if found is None:
            raise Absent("prefix", name)
        return found

    async def templates(self, asked: Asked) -> DirectoryPage[TemplateRow]:
        """Return a page of templates."""
        conditions = _created(orm.Template.created, asked)
        if asked.prefix:
            conditions.append(orm.Template.prefix.has(orm.Prefix.name == asked.prefix))
        if asked.name:
            conditions.append(orm.Template.version.contains(asked.name, autoescape=True))
        wanted = (
            orm.select(orm.Template)
            .where(*conditions)
            .options(orm.selectinload(orm.Template.prefix), orm.selectinload(orm.Template.items))
            .order_by(orm.Template.id)
        )
        return await self._page(wanted, asked, _template)

    async def accounts(self, asked: Asked) -> DirectoryPage[AccountRow]:
        """Return a page of accounts."""
        conditions = _created(orm.Account.created, asked)
        if asked.name:
            conditions.append(orm.Account.username.contains(asked.name, autoescape=True))
        wanted = orm.select(orm.Account).where(*conditions).order_by(orm.Account.id)
        return await self._page(wanted, asked, _account)

    async def _page(
        self, wanted: Select[_Table], asked: Asked, row: Callable[[_Table], _Row]
    ) -> DirectoryPage[_Row]:
        size = max(1, min(asked.size, PAGE_ROWS_MAX))
        number = max(1, min(asked.number, 1 << 40))

        def work(session: Session) -> DirectoryPage[_Row]:
            counted = wanted.options().order_by(None).subquery()
            total = session.scalar(orm.select(orm.func.count()).select_from(counted)) or 0
            found = session.scalars(wanted.limit(size).offset((number - 1) * size)).all()
            return DirectoryPage([row(each) for each in found], number, size, total)

        return await self._directory.read(work)


def _created(column: Any, asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.since is not None:
        found.append(column >= asked.since)
    if asked.until is not None:
        found.append(column <= asked.until)
    return found


def _whole(wanted: Select[Enterprise]) -> Select[Enterprise]:
    return wanted.options(
        orm.selectinload(orm.Enterprise.account), orm.selectinload(orm.Enterprise.prefixes)
    )


def _prefixes(*conditions: ColumnElement[bool]) -> Select[Prefix]:
    enterprise = orm.selectinload(orm.Prefix.enterprise)
    return (
        orm.select(orm.Prefix)
        .join(orm.Prefix.enterprise)
        .where(*conditions)
        .options(
            enterprise.selectinload(orm.Enterprise.account),
            enterprise.selectinload(orm.Enterprise.prefixes),
        )
        .order_by(orm.Prefix.id)
    )


def _enterprise(row: Enterprise) -> EnterpriseRow:
    return EnterpriseRow(
        id=row.id,
        general_id=str(_FIRST_GENERAL_ID + row.id),
        name=row.name,
        username=row.account.username,
        open_id=row.account.open_id,
        certificate=(row.certificate_type, row.certificate_code),
        form=row.form,
        prefixes=tuple(prefix.name for prefix in row.prefixes),
        created=row.created,
        updated=row.updated,
    )


def _prefix(row: Prefix) -> PrefixRow:
    return PrefixRow(
        id=row.id,
        name=row.name,
        status=PrefixStatus(row.status),
        proxy_state=ProxyState(row.proxy_state),
        reason=row.reason,
        server=row.server,
        enterprise=_enterprise(row.enterprise),
        created=row.created,
        updated=row.updated,
    )


def _template(row: Template) -> TemplateRow:
    return TemplateRow(
        id=row.id,
        prefix=row.prefix.name,
        version=row.version,
        description=row.description,
        items=len(row.items),
        created=row.created,
        updated=row.updated,
    )


def _account(row: Account) -> AccountRow:
    return AccountRow(
        id=row.id,
        username=row.username,
        role=row.role,
        email=row.email,
        mobile=row.mobile,
        created=row.created,
    )
