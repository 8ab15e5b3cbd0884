"""The part of the directory that is asked for each request, in memory.

The directory's one thread writes it, right after each commit; the event loop reads it. Each entry is replaced
whole, so a reader sees either the old or the new one.
"""

from collections.abc import Iterable

from idnode.registry.directory.entries import AccountEntry, PrefixEntry, TemplateEntry
from idnode.registry.handle import names

Entry = AccountEntry | PrefixEntry | TemplateEntry


def folded(handle: str) -> str:
    """Return the form in which handles are compared, as text."""
    return names.fold(handle.encode(errors="replace")).decode()


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

    def take_over(self, other: "Cache") -> None:
        """Have from now on what another cache has."""
        vars(self).update(vars(other))

    def take(self, entries: Iterable[Entry], gone: Iterable[tuple[type[Entry], int]] = ()) -> None:
        """Take in what is there, or what a transaction changed, once it was committed."""
        for key in gone:
            self._forget(*key)
        for entry in entries:
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

    def _forget(self, kind: type[Entry], identity: int) -> None:
        if kind is TemplateEntry and identity in self._template_keys:
            self._drop_template(self._template_keys.pop(identity))
        elif kind is PrefixEntry and identity in self._prefix_names:
            self.prefixes.pop(self._prefix_names.pop(identity), None)
