"""The cache, out of a session: everything at first, then what each transaction changes."""

from collections.abc import Iterable, Iterator

from sqlalchemy import event, select
from sqlalchemy.orm import Session, selectinload

from idnode.registry.directory.cache import Entry
from idnode.registry.directory.entries import (
    AccountEntry,
    ItemEntry,
    PrefixEntry,
    TemplateEntry,
    required_among,
)
from idnode.registry.directory.states import PrefixStatus, ProxyState, Role
from idnode.registry.directory.tables import Account, Prefix, Template, TemplateItem

_Cached = Account | Prefix | Template


def entries_of(session: Session) -> Iterator[Entry]:
    """Yield everything in the database that the cache has."""
    yield from map(_account, session.scalars(select(Account)))
    prefixes = select(Prefix).options(selectinload(Prefix.enterprise))
    yield from map(_prefix, session.scalars(prefixes))
    templates = select(Template).options(
        selectinload(Template.items), selectinload(Template.prefix)
    )
    yield from map(_template, session.scalars(templates))


class Changes:
    """Notes what a session touches, so that nobody who changes the directory need think of the cache."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._touched: dict[_Cached, None] = {}
        self.entries: list[Entry] = []
        self.gone: list[tuple[type[Entry], int]] = []
        event.listen(session, "after_flush", self._note)

    def _note(self, session: Session, _context: object) -> None:
        self._touch(session.new)
        self._touch(session.dirty)
        for deleted in session.deleted:
            if isinstance(deleted, Prefix | Template):
                kind = PrefixEntry if isinstance(deleted, Prefix) else TemplateEntry
                self.gone.append((kind, deleted.id))
                self._touched.pop(deleted, None)

    def _touch(self, objects: Iterable[object]) -> None:
        for each in objects:
            touched = each.template if isinstance(each, TemplateItem) else each
            if isinstance(touched, _Cached):
                self._touched[touched] = None

    def read(self) -> None:
        """Make the entries, at the end of the transaction and still inside it."""
        self._session.flush()
        for touched in self._touched:
            self._session.refresh(touched)
            if isinstance(touched, Account):
                self.entries.append(_account(touched))
            elif isinstance(touched, Prefix):
                self.entries.append(_prefix(touched))
            else:
                self.entries.append(_template(touched))


def _account(row: Account) -> AccountEntry:
    return AccountEntry(row.id, row.username, row.inner, Role(row.role))


def _prefix(row: Prefix) -> PrefixEntry:
    return PrefixEntry(
        id=row.id,
        name=row.name,
        account_id=row.enterprise.account_id,
        enterprise_id=row.enterprise_id,
        status=PrefixStatus(row.status),
        proxy_state=ProxyState(row.proxy_state),
        settled=row.settled,
        server=row.server,
    )


def _template(row: Template) -> TemplateEntry:
    items = {
        item.id_index: ItemEntry(
            id=item.id,
            name=item.name,
            id_type=item.id_type,
            id_index=item.id_index,
            required=item.required,
            enabled=item.enabled,
            min_length=item.min_length,
            max_length=item.max_length,
            details=item.details,
        )
        for item in sorted(row.items, key=lambda item: item.id_index)
    }
    return TemplateEntry(
        id=row.id,
        prefix=row.prefix.name,
        version=row.version,
        kind=row.kind,
        description=row.description,
        industry=(
            row.industry_category,
            row.industry_specific,
            row.industry_trade,
            row.industry_subclass,
        ),
        items=items,
        required=required_among(items),
        details=row.details,
        created=row.created,
        updated=row.updated,
    )
