"""Describes what a creation needs before it may be submitted, alone or in a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.registry.handle import names
from idnode.registry.handle.types.hs_admin import Right

if TYPE_CHECKING:
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.node.service.identifiers.permissions import Permissions


def require_creation(
    permissions: Permissions, identity: Identity | None, key: bytes, home: bytes
) -> None:
    """Insist on the right to create a complete handle whose administrators are those of ``home``.

    Raises:
        AuthenticationNeeded: ``identity`` is None.
        InvalidAdministrator: The identity lacks the right.

    """
    own = names.fold(names.prefix_of(key)) == home
    right = Right.ADD_HANDLE if own else Right.ADD_PREFIX
    permissions.require(identity, right, names.prefix_handle(home))


def above(key: bytes) -> tuple[int, bytes]:
    """Return the right that creating a handle takes, and the prefix handle on which it is needed.

    For a prefix handle that is the one of the prefix above it.
    """
    if names.fold(key).startswith(names.PREFIX_HANDLE_START):
        parent = key[len(names.PREFIX_HANDLE_START) :].rpartition(b".")[0]
        return Right.ADD_PREFIX, names.prefix_handle(parent)
    return Right.ADD_HANDLE, names.prefix_handle(names.prefix_of(key))
