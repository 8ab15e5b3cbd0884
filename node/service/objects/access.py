"""Decides who may see and change which items: the creator, grants of a class, grants of one identifier (idhub-api.md §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.service.objects.applications import APPLICATION_START, GROUP_START
from idnode.registry.directory.cache import folded
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.types.hs_vlist import decode_vlist
from idnode.registry.handle.values import data_of, spans
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from idnode.registry.directory.entries import TemplateEntry
    from idnode.registry.register import Register

PUBLIC: Final = 1
SPECIFIED: Final = 2

FOLLOW_CLASS: Final = 1
SINGLE: Final = 2

VIEW: Final = 1
EDIT: Final = 2

_GROUP_TYPE: Final = b"HS_VLIST"


class Rights(NamedTuple):
    """Names who an identifier is for: ``kind`` is `FOLLOW_CLASS` or `SINGLE`, ``scope`` `PUBLIC` or `SPECIFIED`.

    ``creator`` is empty for an identifier that another face made: it belongs to the whole enterprise.
    """

    creator: str = ""
    kind: int = FOLLOW_CLASS
    scope: int = SPECIFIED
    readers: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()


class Access:
    """Finds what somebody may see and change; ``who`` is an application's handle, folded, or empty for anybody."""

    def __init__(self, register: Register) -> None:
        self._lookup = register.lookup

    def readable(
        self, who: str, rights: Rights, template: TemplateEntry | None
    ) -> frozenset[int] | None:
        """Return the indexes of the items that somebody may read, None for all of them."""
        if self._owns(who, rights):
            return None
        if rights.kind == SINGLE:
            if rights.scope == PUBLIC:
                return None
            named = (*rights.readers, *rights.writers)
            return None if who and self.includes(named, who) else frozenset()
        return self._of_class(who, template, VIEW)

    def writable(self, who: str, rights: Rights, template: TemplateEntry) -> frozenset[int] | None:
        """Return the indexes of the items that an application may change, None for all of them."""
        if self._owns(who, rights):
            return None
        if rights.kind == SINGLE:
            return None if self.includes(rights.writers, who) else frozenset()
        return self._of_class(who, template, EDIT)

    def includes(self, users: Iterable[str], who: str) -> bool:
        """Return whether an application is one of these, or in one of these groups."""
        named = [folded(user) for user in users]
        return who in named or any(who in self.members(each) for each in named if is_group(each))

    def groups_of(self, who: str, groups: Sequence[str]) -> list[str]:
        """Return those of the groups that an application is in."""
        return [each for each in groups if who in self.members(each)]

    def members(self, group: str) -> frozenset[str]:
        """Return the applications in a group, folded: those that its HS_VLIST value names."""
        stored = self._lookup(group.encode(errors="replace"))
        if stored is None:
            return frozenset()
        found: set[str] = set()
        for span in spans(stored.values):
            if span.type.upper() == _GROUP_TYPE:
                try:
                    listed = decode_vlist(data_of(stored.values, span))
                except (ProtocolError, InvalidHandle):
                    continue
                found |= {folded(each.handle.decode(errors="replace")) for each in listed}
        return frozenset(found)

    @staticmethod
    def _owns(who: str, rights: Rights) -> bool:
        return bool(who) and bool(rights.creator) and who == folded(rights.creator)

    def _of_class(self, who: str, template: TemplateEntry | None, kind: int) -> frozenset[int]:
        if template is None:
            return frozenset()
        grants = class_grants(template)
        return frozenset(
            index
            for index, item in template.items.items()
            if self._class_lets(who, grants.get(item.id_type, {}), kind)
        )

    def _class_lets(self, who: str, grant: Mapping[str, Any], kind: int) -> bool:
        if kind == VIEW and grant.get("public"):
            return True
        if not who:
            return False
        # Who may change a value sees it.
        named = grant.get("editors", ()) if kind == EDIT else (
            *grant.get("readers", ()), *grant.get("editors", ()))  # fmt: skip
        return self.includes(named, who)


def class_grants(template: TemplateEntry) -> Mapping[str, Any]:
    """Return what is granted of a class: by English name, ``public``, ``readers`` and ``editors``."""
    found = (template.details or {}).get("grants")
    return found if isinstance(found, dict) else {}


def is_group(handle: str) -> bool:
    """Return whether a handle names a group."""
    return _suffix_begins(handle, GROUP_START)


def is_application(handle: str) -> bool:
    """Return whether a handle names an application."""
    return _suffix_begins(handle, APPLICATION_START)


def _suffix_begins(handle: str, start: str) -> bool:
    return folded(handle.partition("/")[2]).startswith(folded(start))
