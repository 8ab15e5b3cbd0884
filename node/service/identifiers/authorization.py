"""What may be asked of the register: a request to change one record becomes a mutation, or is refused.

Every judgement checks in the order of the reference server (handle-protocol.md §5.1): does the prefix live
here, are the values legal, does the record's existence fit (for a creation; the others ask who is there
first), who asks, may they. Timestamps in values are replaced by the node's clock. Nothing waits here: what is
judged by the record's state is judged again by the register, when it serialises the change.

All raise what the register refuses, as it would (`RegistryError`), and besides `NotResponsible`,
`AuthenticationNeeded` for an identity of None, and `InvalidAdministrator`.
"""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import AuthenticationNeeded, InsufficientPermission
from idnode.node.service.identifiers.creation import require_creation
from idnode.registry.errors import HandleExists, HandleNotFound, IndexConflict, ValuesNotFound
from idnode.registry.handle import names
from idnode.registry.handle.model import Permission
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.handle.values import dated, spans
from idnode.registry.mutation import AddValues, Create, Delete, ModifyValues, RemoveValues

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.registry.handle.clock import Clock
    from idnode.registry.handle.values import Span
    from idnode.registry.register import Register, Stored

_ADMIN_TYPE: Final = b"HS_ADMIN"


class Authorization:
    """Judges changes of single records."""

    def __init__(
        self, register: Register, authority: Authority, permissions: Permissions, clock: Clock
    ) -> None:
        self._lookup = register.lookup
        self._home_of = authority.home_of
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
    ) -> Create:
        """Judge a creation, which with ``overwrite`` replaces a record whole; see `Registrar.create`."""
        key = names.complete(handle)
        if mint:
            key += str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)).encode()
        home = self._home_of(key)
        names.check(key)
        values, public = dated(packed, int(self._now()))
        # A minted handle is new, and another one each time that this is called.
        existing = None if mint else self._lookup(key)
        if existing is not None and not overwrite:
            raise HandleExists
        require_creation(self._permissions, identity, key, home)
        if existing is not None:
            self._permissions.require(identity, Right.DELETE_HANDLE, key)
        return Create(key, values, overwrite, public)

    def deletion(self, identity: Identity | None, handle: bytes) -> Delete:
        """Judge a deletion; `HandleNotFound` without a record."""
        key = self._here(handle)
        if identity is None:
            raise AuthenticationNeeded
        if self._lookup(key) is None:
            raise HandleNotFound
        self._permissions.require(identity, Right.DELETE_HANDLE, key)
        return Delete(key)

    def addition(
        self, identity: Identity | None, handle: bytes, packed: bytes, *, overwrite: bool = False
    ) -> AddValues:
        """Judge values to be added, with ``overwrite`` in place of those at their indexes."""
        self._home_of(names.complete(handle))
        values, _public = dated(packed, int(self._now()))
        key, stored = self._existing(handle)
        present = {span.index: span for span in spans(stored.values)}
        taken = None if overwrite else next(iter(_replaced(values, present)), None)
        if taken is not None:
            raise IndexConflict(taken.index)
        fresh = [span for span in spans(values) if span.index not in present]
        rights = _rights(fresh, Right.ADD_VALUE, Right.ADD_ADMIN)
        if overwrite:
            rights |= _rights_to_replace(values, present)
        self._permissions.require(identity, rights or Right.ADD_VALUE, key)
        if overwrite:
            _insist_on_writable(_replaced(values, present))
        return AddValues(key, values, overwrite)

    def modification(self, identity: Identity | None, handle: bytes, packed: bytes) -> ModifyValues:
        """Judge values to take the place of those at their indexes, which must be there (`ValuesNotFound`)."""
        self._home_of(names.complete(handle))
        values, _public = dated(packed, int(self._now()))
        key, stored = self._existing(handle)
        present = {span.index: span for span in spans(stored.values)}
        if any(span.index not in present for span in spans(values)):
            raise ValuesNotFound
        rights = _rights_to_replace(values, present)
        self._permissions.require(identity, rights or Right.MODIFY_VALUE, key)
        _insist_on_writable(_replaced(values, present))
        return ModifyValues(key, values)

    def removal(
        self, identity: Identity | None, handle: bytes, indexes: Sequence[int]
    ) -> RemoveValues:
        """Judge indexes whose values are to go, and must be there (`ValuesNotFound`)."""
        key, stored = self._existing(handle)
        wanted = set(indexes)
        leaving = [span for span in spans(stored.values) if span.index in wanted]
        if len(leaving) != len(wanted):
            raise ValuesNotFound
        rights = _rights(leaving, Right.REMOVE_VALUE, Right.REMOVE_ADMIN)
        self._permissions.require(identity, rights or Right.REMOVE_VALUE, key)
        _insist_on_writable(leaving)
        return RemoveValues(key, tuple(sorted(wanted)))

    def _here(self, handle: bytes) -> bytes:
        """Return the complete handle, which belongs to a prefix of this node."""
        key = names.complete(handle)
        self._home_of(key)
        return names.check(key)

    def _existing(self, handle: bytes) -> tuple[bytes, Stored]:
        key = self._here(handle)
        stored = self._lookup(key)
        if stored is None:
            raise HandleNotFound
        return key, stored


def _replaced(packed: bytes, present: dict[int, Span]) -> list[Span]:
    """Return the present values whose places the packed ones take."""
    return [present[span.index] for span in spans(packed) if span.index in present]


def _rights_to_replace(packed: bytes, present: dict[int, Span]) -> int:
    """Return the rights that replacing takes, for what goes and for what comes."""
    coming = [span for span in spans(packed) if span.index in present]
    touched = [*coming, *_replaced(packed, present)]
    return _rights(touched, Right.MODIFY_VALUE, Right.MODIFY_ADMIN)


def _rights(touched: Iterable[Span], for_values: int, for_admins: int) -> int:
    """Return the right for plain values and that for HS_ADMIN values, each if one is touched."""
    rights = 0
    for span in touched:
        rights |= for_admins if span.type.upper() == _ADMIN_TYPE else for_values
    return rights


def _insist_on_writable(touched: Iterable[Span]) -> None:
    for span in touched:
        if not span.permissions & Permission.ADMIN_WRITE:
            raise InsufficientPermission(f"Value {span.index} may not be written")
