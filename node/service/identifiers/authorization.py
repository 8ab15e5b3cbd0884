"""Decides what may be asked of the register: a request to change one record becomes a mutation, or is refused.

Every judgement checks in the order of the reference server (handle-protocol.md §5.1): does the prefix live
here, are the values legal, then who asks, does the record's existence fit, may they. Creations and modifications
look at the record first, as there. A slashless handle names its prefix handle for reading only. Timestamps in
values are replaced by the node's clock. Nothing waits here: what is judged by the record's state is judged again
by the register, when it serialises the change.

An existing record is changed by whom its own HS_ADMIN values name, and by the node's administrators; those of its
prefix may create it, and no more (handle-protocol.md §6.2).

All raise what the register refuses, as it would (`RegistryError`), and besides `NotResponsible`,
`AuthenticationNeeded` for an identity of None, `InvalidAdministrator`, and `InsufficientPermission` for a value that
may not be written and for a change that would orphan identifiers.
"""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING

from idnode.node.service.errors import (
    AuthenticationNeeded,
    InsufficientPermission,
    InvalidAdministrator,
    NotResponsible,
)
from idnode.node.service.identifiers import rights
from idnode.node.service.identifiers.creation import above, require_creation
from idnode.registry.errors import HandleExists, HandleNotFound, ValuesNotFound
from idnode.registry.handle import names
from idnode.registry.handle.errors import IndexConflict
from idnode.registry.handle.model import Permission
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.handle.values import EMPTY, dated, spans
from idnode.registry.mutation import AddValues, Create, Delete, ModifyValues, RemoveValues

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.registry.handle.clock import Clock
    from idnode.registry.handle.values import Span
    from idnode.registry.register import Register, Stored


class Authorization:
    """Judges changes of single records."""

    def __init__(
        self, register: Register, authority: Authority, permissions: Permissions, clock: Clock
    ) -> None:
        self._lookup = register.lookup
        self._authority = authority
        self._permissions = permissions
        self._now = clock.now

    def creation(
        self,
        identity: Identity | None,
        handle: bytes,
        packed: bytes,
        *,
        overwrite: bool = False,
        mint: bool = False,
    ) -> Create | AddValues:
        """Judge a creation, which with ``overwrite`` replaces a record whole; see `Registrar.create`.

        A replacement that changes nothing comes back as an addition of nothing.
        """
        key = handle
        if mint:
            key += str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)).encode()
            if b"/" not in handle:
                # As there: who may not add prefixes is told that first.
                named = names.complete(key)
                above_it = self._authority.home_of(named)
                require_creation(self._permissions, identity, named, above_it)
        home = self._home(identity, key)
        names.check(key)
        values, public = dated(packed, int(self._now()))
        # A minted handle is new, and another one each time that this is called.
        existing = None if mint else self._lookup(key)
        if existing is None:
            require_creation(self._permissions, identity, key, home)
            return Create(key, values, public=public)
        if not overwrite:
            raise HandleExists
        if identity is None:
            raise AuthenticationNeeded
        return self.replacement(identity, key, values, existing.values)

    def replacement(
        self, identity: Identity, key: bytes, values: bytes, present: bytes
    ) -> Create | AddValues:
        """Judge dated values that are to stand in the place of all that a record has."""
        difference = rights.to_replace_all(present, values)
        if not difference.changed:
            return AddValues(key, EMPTY, overwrite=True)
        if not self._may_replace(identity, key, difference.rights):
            raise InvalidAdministrator
        self._insist_on_home(key, _values((values, spans(values))))
        return Create(key, difference.values, overwrite=True)

    def _may_replace(self, identity: Identity, key: bytes, needed: int) -> bool:
        """Return whether a record may be replaced whole.

        That may who has the right to each change, to appoint administrators, or to delete and create it anew.
        """
        allows = self._permissions.allows
        if not needed & Right.ADD_ADMIN and (not needed or allows(identity, needed, key)):
            return True
        if allows(identity, Right.ADD_ADMIN, key):
            return True
        right, prefix_handle = above(key)
        return allows(identity, Right.DELETE_HANDLE, key) and allows(identity, right, prefix_handle)

    def deletion(self, identity: Identity | None, handle: bytes) -> Delete:
        """Judge a deletion; `HandleNotFound` without a record."""
        slashless = b"/" not in handle
        if not slashless:
            self._home(identity, handle)
            names.check(handle)
        if identity is None:
            raise AuthenticationNeeded
        if slashless or self._lookup(handle) is None:
            raise HandleNotFound
        self._permissions.require(identity, Right.DELETE_HANDLE, handle)
        self._insist_on_home(handle, {})
        return Delete(handle)

    def addition(
        self, identity: Identity | None, handle: bytes, packed: bytes, *, overwrite: bool = False
    ) -> AddValues:
        """Judge values to be added, with ``overwrite`` in place of those at their indexes.

        Values that are there already as they come are left out, and need no right.
        """
        self._home(identity, handle)
        values, _public = dated(packed, int(self._now()))
        if identity is None:
            raise AuthenticationNeeded
        stored = self._existing(handle)
        present = {span.index: span for span in spans(stored.values)}
        coming = list(spans(values))
        taken = next((span for span in coming if span.index in present), None)
        if taken is not None and not overwrite:
            raise IndexConflict(taken.index)
        difference = rights.to_add(stored.values, values)
        if difference.rights:
            self._permissions.require(identity, difference.rights, handle)
        _insist_on_writable(_replaced(difference.values, present))
        self._insist_on_home(handle, _values((stored.values, present.values()), (values, coming)))
        return AddValues(handle, difference.values, overwrite)

    def modification(self, identity: Identity | None, handle: bytes, packed: bytes) -> ModifyValues:
        """Judge values to take the place of those at their indexes, which must be there (`ValuesNotFound`).

        Strangers, too, are told what is missing or may not be written, and may change what everybody may write.
        """
        self._home(identity, handle)
        values, _public = dated(packed, int(self._now()))
        stored = self._existing(handle)
        present = {span.index: span for span in spans(stored.values)}
        coming = list(spans(values))
        if any(span.index not in present for span in coming):
            raise ValuesNotFound
        _insist_on_writable(present[span.index] for span in coming)
        needed = 0
        for span in coming:
            needed |= rights.right_to_replace(present[span.index], span)
        if needed:
            self._permissions.require(identity, needed, handle)
        self._insist_on_home(handle, _values((stored.values, present.values()), (values, coming)))
        return ModifyValues(handle, values)

    def removal(
        self, identity: Identity | None, handle: bytes, indexes: Sequence[int]
    ) -> RemoveValues:
        """Judge indexes whose values are to go, and must be there (`ValuesNotFound`)."""
        self._home(identity, handle)
        if identity is None:
            raise AuthenticationNeeded
        stored = self._existing(handle)
        wanted = set(indexes)
        present = list(spans(stored.values))
        leaving = [span for span in present if span.index in wanted]
        if len(leaving) != len(wanted):
            raise ValuesNotFound
        needed = rights.to_remove(leaving) or Right.REMOVE_VALUE
        self._permissions.require(identity, needed, handle)
        left = [span for span in present if span.index not in wanted]
        self._insist_on_home(handle, _values((stored.values, left)))
        return RemoveValues(handle, tuple(sorted(wanted)))

    def _home(self, identity: Identity | None, handle: bytes) -> bytes:
        """Return the prefix whose administrators decide about a handle that is to be written.

        The node's administrators may also repair the prefix handle of a prefix that lives here no more.

        Raises:
            NotResponsible: No such prefix lives here, or the handle has no slash.

        """
        if b"/" not in handle:
            raise NotResponsible
        try:
            return self._authority.home_of(handle)
        except NotResponsible:
            folded = names.fold(handle)
            repairs = identity is not None and self._permissions.is_node_admin(identity)
            if not folded.startswith(names.PREFIX_HANDLE_START) or not repairs:
                raise
            if self._lookup(handle) is None:
                raise
            return folded[len(names.PREFIX_HANDLE_START) :]

    def _existing(self, handle: bytes) -> Stored:
        stored = self._lookup(names.check(handle))
        if stored is None:
            raise HandleNotFound
        return stored

    def _insist_on_home(self, handle: bytes, remaining: dict[int, tuple[bytes, Span]]) -> None:
        """Insist that a change of a prefix handle leaves its identifiers a home, and the node its administrators.

        ``remaining`` are the values that the record has then by index, each in its list.
        """
        if not names.fold(handle).startswith(names.PREFIX_HANDLE_START):
            return
        if self._authority.orphans(handle, (span.type for _, span in remaining.values())):
            raise InsufficientPermission("The prefix has identifiers: its HS_ADMIN must stay")
        if self._permissions.locks_out(handle, remaining):
            raise InsufficientPermission("The node's administrators would have no key any more")


def _replaced(packed: bytes, present: dict[int, Span]) -> list[Span]:
    """Return the present values whose places the packed ones take."""
    return [present[span.index] for span in spans(packed) if span.index in present]


def _values(*groups: tuple[bytes, Iterable[Span]]) -> dict[int, tuple[bytes, Span]]:
    """Return by index the values of packed lists; later lists stand before earlier ones."""
    return {span.index: (packed, span) for packed, found in groups for span in found}


def _insist_on_writable(touched: Iterable[Span]) -> None:
    for span in touched:
        if not span.permissions & Permission.ADMIN_WRITE:
            raise InsufficientPermission(f"Value {span.index} may not be written")
