"""Which prefixes live on this node, and where to send those who ask for the prefixes below them.

A prefix lives here exactly while its prefix handle ``0.NA/<prefix>`` is in the register and carries an
HS_ADMIN value: somebody administers it here. The set of such prefixes is kept in memory, current through the
register's watch, because every request asks it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from node.service.errors import NotResponsible, PrefixReferral
from registry import names, values
from registry.errors import HandleNotFound

if TYPE_CHECKING:
    from node.service.register import Register

PREFIX_OF_PREFIXES: Final = b"0.NA"
"""The prefix under which prefix handles are registered, folded."""

_START: Final = names.PREFIX_HANDLE_START
_PAGE: Final = 1000
_REFERRAL_TYPES: Final = (b"HS_SITE.PREFIX", b"HS_SERV.PREFIX", b"HS_NA_DELEGATE")


class Authority:
    """The prefixes of this node."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self.homed: set[bytes] = set()
        """Folded prefixes that live here; the same set for the life of the node, read by the hot path."""
        after: bytes | None = b""
        while after is not None:
            page = register.list_handles(PREFIX_OF_PREFIXES, after=after, limit=_PAGE)
            for handle in page.handles:
                self._refresh(names.fold(handle))
            after = page.after
        register.watch(self._refresh)

    def _refresh(self, folded: bytes) -> None:
        prefix = folded[len(_START) :]
        stored = self._register.lookup(folded)
        if stored is not None and _is_administered(stored.values):
            self.homed.add(prefix)
        else:
            self.homed.discard(prefix)

    def responsible(self, prefix: bytes) -> bool:
        """Return whether a prefix, in any spelling, lives here."""
        return names.fold(prefix) in self.homed

    def home_of(self, handle: bytes) -> bytes:
        """Return the folded prefix whose administrators decide about a complete handle.

        That is the handle's own prefix; for a prefix handle the prefix itself, or the nearest one above it
        that lives here.

        Raises:
            NotResponsible: No such prefix lives here.

        """
        folded = names.fold(handle)
        prefix = names.prefix_of(folded)
        if prefix == PREFIX_OF_PREFIXES:
            prefix = folded[len(_START) :]
            while prefix and prefix not in self.homed:
                prefix = prefix.rpartition(b".")[0]
        if prefix not in self.homed:
            raise NotResponsible
        return prefix

    def absence(self, handle: bytes, *, refer: bool = True) -> HandleNotFound | PrefixReferral:
        """Return why a complete handle without a record cannot be answered: not found, or elsewhere.

        A prefix handle below one of our prefixes is referred to the sites that the parent names for its
        derived prefixes, if it names any and unless ``refer`` is false (handle-protocol.md §5.1).

        Raises:
            NotResponsible: The handle belongs to no prefix of this node.

        """
        home = self.home_of(handle)
        if not refer or names.fold(names.prefix_of(handle)) != PREFIX_OF_PREFIXES:
            return HandleNotFound()
        parent = self._register.lookup(names.prefix_handle(home))
        if parent is None:
            return HandleNotFound()
        sites = values.select(parent.values, types=_REFERRAL_TYPES)
        return HandleNotFound() if sites == values.EMPTY else PrefixReferral(sites)


def _is_administered(packed: bytes) -> bool:
    return any(span.type.upper() == b"HS_ADMIN" for span in values.spans(packed))
