"""The part of the directory that is asked for each request, in memory.

The directory's one thread writes it, right after each commit; the event loop reads it. Each entry is replaced
whole, so a reader sees either the old or the new one.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session, selectinload

from idnode.registry.directory.entries import AccountEntry, ItemEntry, PrefixEntry, TemplateEntry
from idnode.registry.directory.states import PrefixStatus, ProxyState, Role
from idnode.registry.directory.tables import Account, Prefix, Template, TemplateItem
from idnode.registry.handle import names


def folded(handle: str) -> str:
    """Return the form in which handles are compared, as text."""
    return names.fold(handle.encode(errors="replace")).decode()


_Cached = Account | Prefix | Template


class Cache:
    """Accounts, prefixes and templates, by what requests name them."""

    def __init__(self) -> None:
        self.accounts: dict[int, AccountEntry] = {}
        self.accounts_by_name: dict[str, AccountEntry] = {}
        self.prefixes: dict[str, PrefixEntry] = {}
        self.templates: dict[tuple[str, str], TemplateEntry] = {}
        self.templates_by_handle: dict[str, TemplateEntry] = {}
        """By their own handles, folded."""
        self._prefix_names: dict[int, str] = {}
        self._template_keys: dict[int, tuple[str, str]] = {}

    def load(self, session: Session) -> None:
        """Take in everything that is in the database."""
        for account in session.scalars(select(Account)):
            self._take_account(_account(account))
        for prefix in session.scalars(select(Prefix).options(selectinload(Prefix.enterprise))):
            self._take_prefix(_prefix(prefix))
        found = select(Template).options(
            selectinload(Template.items), selectinload(Template.prefix)
        )
        for template in session.scalars(found):
            self._take_template(_template(template))

    def take_over(self, other: "Cache") -> None:
        """Have from now on what another cache has."""
        vars(self).update(vars(other))

    def take(self, changes: "Changes") -> None:
        """Take in what a transaction changed, after it was committed."""
        for key in changes.gone:
            self._forget(*key)
        for entry in changes.entries:
            if isinstance(entry, AccountEntry):
                self._take_account(entry)
            elif isinstance(entry, PrefixEntry):
                self._take_prefix(entry)
            else:
                self._take_template(entry)

    def _take_account(self, entry: AccountEntry) -> None:
        self.accounts[entry.id] = entry
        self.accounts_by_name[entry.username] = entry

    def _take_prefix(self, entry: PrefixEntry) -> None:
        former = self._prefix_names.get(entry.id)
        if former is not None and former != entry.name:
            self.prefixes.pop(former, None)
        self._prefix_names[entry.id] = entry.name
        self.prefixes[entry.name] = entry

    def _take_template(self, entry: TemplateEntry) -> None:
        key = (entry.prefix, entry.version)
        former = self._template_keys.get(entry.id)
        if former is not None:
            self._drop_template(former)
        self._template_keys[entry.id] = key
        self.templates[key] = entry
        self.templates_by_handle[folded(entry.handle)] = entry

    def _drop_template(self, key: tuple[str, str]) -> None:
        former = self.templates.pop(key, None)
        if former is not None:
            self.templates_by_handle.pop(folded(former.handle), None)

    def _forget(self, kind: type[Any], identity: int) -> None:
        if kind is Template and identity in self._template_keys:
            self._drop_template(self._template_keys.pop(identity))
        elif kind is Prefix and identity in self._prefix_names:
            self.prefixes.pop(self._prefix_names.pop(identity), None)


class Changes:
    """Notes what a session touches, so that nobody who changes the directory need think of the cache."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._touched: dict[_Cached, None] = {}
        self.entries: list[AccountEntry | PrefixEntry | TemplateEntry] = []
        self.gone: list[tuple[type[Any], int]] = []
        event.listen(session, "after_flush", self._note)

    def _note(self, session: Session, _context: object) -> None:
        self._touch(session.new)
        self._touch(session.dirty)
        for deleted in session.deleted:
            if isinstance(deleted, Prefix | Template):
                self.gone.append((type(deleted), deleted.id))
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
        required=frozenset(
            index for index, item in items.items() if item.required and item.enabled
        ),
        details=row.details,
        created=row.created,
        updated=row.updated,
    )
