"""Names who may do what to a record.

Administrators are named by HS_ADMIN values of the record itself; creating and listing are asked of the prefix
handle (handle-protocol.md §3.3, §6.2). Each carries rights and points to a key value, or to an HS_VLIST that names
members, which may be lists again. Index 0 in a reference means any key of that handle; an identity with index 0,
proven or not, administers nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import AuthenticationNeeded, InvalidAdministrator
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.fetching import NotFetched, together
from idnode.registry.handle import names
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.types.hs_admin import decode_admin
from idnode.registry.handle.types.hs_pubkey import DhPublicKey, decode_public_key
from idnode.registry.handle.types.hs_vlist import decode_vlist
from idnode.registry.handle.values import data_of, spans
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from idnode.registry.handle.values import Span
    from idnode.registry.register import Register

GROUP_DEPTH_MAX: Final = 8
"""Most lists within lists that are followed; real ones have one or two."""

GROUP_MEMBERS_MAX: Final = 5000
"""Most members that are looked at for one HS_ADMIN value; whoever comes later is none."""

DECISIONS_MAX: Final = 10_000
"""Most decisions by prefix handles that are remembered."""

_ADMIN_TYPE: Final = b"HS_ADMIN"
_GROUP_TYPE: Final = b"HS_VLIST"
_SECRET_KEY_TYPE: Final = b"HS_SECKEY"
_PUBLIC_KEY_TYPE: Final = b"HS_PUBKEY"


class Permissions:
    """Decides whether an identity has a right on a handle; the node's administrators have every right."""

    def __init__(self, register: Register, node_admins: Iterable[Identity] = ()) -> None:
        self._register = register
        self._node_admins = [_folded(admin) for admin in node_admins]
        self._decided: dict[tuple[bytes, int, int, bytes], bool] = {}
        """By identity, right and handle; a tuple of plain fields is hashed without a call of ours."""
        self._consulted_others = False
        register.watch(self._forget)

    def _forget(self, _folded_handle: bytes) -> None:
        self._decided.clear()

    def require(self, identity: Identity | None, right: int, handle: bytes) -> None:
        """Insist on a right (all bits of ``right``) on a handle, which need not exist.

        Raises:
            AuthenticationNeeded: Nobody is known to ask.
            InvalidAdministrator: The identity is no administrator with this right.

        """
        if identity is None:
            raise AuthenticationNeeded
        if not self.allows(identity, right, handle):
            raise InvalidAdministrator

    def allows(self, identity: Identity, right: int, handle: bytes) -> bool:
        """Return whether one HS_ADMIN of this very record gives the identity the right."""
        asked = (identity.handle, identity.index, right, handle)
        decided = self._decided.get(asked)
        if decided is not None:
            return decided
        if not identity.index:
            return False
        if self.is_node_admin(identity):
            return True
        sought = _folded(identity)
        key = names.complete(handle)
        if names.fold(names.prefix_of(key)) != names.PREFIX_OF_PREFIXES:
            return self._grants(key, sought, right)
        decided = self._decide(key, sought, right)
        remembered = (sought.handle, sought.index, right, names.fold(key)) in self._decided
        if remembered and len(self._decided) < DECISIONS_MAX:
            # As spelled, too: creations in one session ask about one prefix handle again and again.
            self._decided[asked] = decided
        return decided

    def _decide(self, prefix_handle: bytes, sought: Identity, right: int) -> bool:
        """Return whether a prefix handle gives the right; remembered until any prefix handle changes."""
        key = (sought.handle, sought.index, right, names.fold(prefix_handle))
        decided = self._decided.get(key)
        if decided is None:
            self._consulted_others = False
            decided = self._grants(prefix_handle, sought, right)
            if not self._consulted_others:
                if len(self._decided) >= DECISIONS_MAX:
                    self._decided.clear()
                self._decided[key] = decided
        return decided

    def _grants(self, source: bytes, sought: Identity, right: int) -> bool:
        """Return whether one HS_ADMIN of this very record gives the right."""
        missing: list[NotFetched] = []
        for granted, admin in self._administrators(source):
            try:
                if granted & right == right and self._is_or_contains(admin, sought):
                    return True
            except NotFetched as lacking:
                missing.append(
                    lacking
                )  # another one may do, and what is missing is asked for at once
        if missing:
            raise NotFetched.joined(missing)
        return False

    def is_node_admin(self, identity: Identity) -> bool:
        """Return whether the identity administers the node itself."""
        sought = _folded(identity)
        return bool(sought.index) and any(_names(admin, sought) for admin in self._node_admins)

    def locks_out(self, handle: bytes, remaining: Mapping[int, tuple[bytes, Span]]) -> bool:
        """Return whether no administrator of the node has a key, if this is all that a record keeps.

        ``remaining`` are its values by index, each in its list. Records without a key of theirs lock nobody out.
        """
        folded = names.fold(handle)
        indexes = [admin.index for admin in self._node_admins if admin.handle == folded]
        if not indexes:
            return False
        return not any(_proves(*remaining[index]) for index in indexes if index in remaining)

    def _administrators(self, handle: bytes) -> Iterator[tuple[int, Identity]]:
        stored = self._register.lookup(handle)
        if stored is None:
            return
        packed = stored.values
        for span in spans(packed):
            if span.type.upper() != _ADMIN_TYPE:
                continue
            try:
                admin = decode_admin(data_of(packed, span))
            except (ProtocolError, InvalidHandle):
                continue  # stored by somebody who writes HS_ADMIN as free text: names nobody
            yield admin.permissions, _folded(Identity(admin.handle, admin.index))

    def _is_or_contains(self, reference: Identity, sought: Identity) -> bool:
        """Return whether a reference names the sought identity, itself or through lists."""
        seen = {reference}
        level = [reference]
        budget = GROUP_MEMBERS_MAX
        for _ in range(GROUP_DEPTH_MAX + 1):
            if any(_names(member, sought) for member in level):
                return True
            following: list[Identity] = []
            for listed in together(self._members, level):
                members = listed[: max(budget, 0)]
                budget -= len(members) + 1
                fresh = [member for member in dict.fromkeys(members) if member not in seen]
                seen.update(fresh)
                following += fresh
            level = following
        return False

    def _members(self, group: Identity) -> list[Identity]:
        if not group.handle.startswith(names.PREFIX_HANDLE_START):
            # The register tells of changed prefix handles only, so what others say must not be remembered.
            self._consulted_others = True
        stored = self._register.lookup(group.handle)
        if stored is None:
            return []
        packed = stored.values
        for span in spans(packed):
            if span.index == group.index and span.type.upper() == _GROUP_TYPE:
                try:
                    members = decode_vlist(data_of(packed, span))
                except (ProtocolError, InvalidHandle):
                    return []
                return [_folded(Identity(member.handle, member.index)) for member in members]
        return []


def _folded(identity: Identity) -> Identity:
    return Identity(names.fold(names.complete(identity.handle)), identity.index)


def _proves(packed: bytes, span: Span) -> bool:
    """Return whether a value is a key that somebody can prove to have."""
    kind = span.type.upper()
    if kind == _SECRET_KEY_TYPE:
        return bool(data_of(packed, span))
    if kind != _PUBLIC_KEY_TYPE:
        return False
    try:
        return not isinstance(decode_public_key(data_of(packed, span)), DhPublicKey)
    except ProtocolError:
        return False


def _names(reference: Identity, sought: Identity) -> bool:
    return reference.handle == sought.handle and reference.index in {0, sought.index}
