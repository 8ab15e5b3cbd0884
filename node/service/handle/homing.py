"""Names which prefixes live here by an administrator's word: home, unhome, list (handle-protocol.md §5).

Only the node's own administrators have a say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.service.errors import AuthenticationNeeded, InvalidAdministrator, NotResponsible
from idnode.registry.handle import names
from idnode.registry.handle.errors import InvalidHandle

if TYPE_CHECKING:
    from idnode.node.service.handle.connection import Proof
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.node.service.identifiers.permissions import Permissions


class Homing:
    """Homes prefixes and gives them up."""

    def __init__(self, authority: Authority, permissions: Permissions) -> None:
        self._authority = authority
        self._permissions = permissions

    async def home(
        self, identity: Identity | None, handle: bytes, *, prove: Proof | None = None
    ) -> None:
        """Have a prefix, named by its prefix handle, live here from now on.

        Raises:
            InvalidHandle: Not a prefix handle.
            AuthenticationNeeded: ``identity`` is None.
            InvalidAdministrator: The identity does not administer the node.
            AuthenticationFailed: The identity is not proven.
            RegistryError: The register took no writes.

        """
        prefix = _prefix(handle)
        await self._require(identity, prove)
        await self._authority.decide(prefix, here=True)

    async def unhome(
        self, identity: Identity | None, handle: bytes, *, prove: Proof | None = None
    ) -> None:
        """Have a prefix live here no more; its records stay, and nobody is told them.

        Raises:
            NotResponsible: It does not live here.
            RegistryError: As for `home`.
            ServiceError: As for `home`.

        """
        prefix = _prefix(handle)
        await self._require(identity, prove)
        if not self._authority.responsible(prefix):
            raise NotResponsible
        await self._authority.decide(prefix, here=False)

    async def homed(self, identity: Identity | None, *, prove: Proof | None = None) -> list[bytes]:
        """Return the prefix handles of the prefixes that live here, ascending.

        Raises:
            ServiceError: As for `home`.

        """
        await self._require(identity, prove)
        return [names.prefix_handle(prefix) for prefix in self._authority.prefixes()]

    async def _require(self, identity: Identity | None, prove: Proof | None) -> None:
        if identity is None:
            raise AuthenticationNeeded
        if not self._permissions.is_node_admin(identity):
            raise InvalidAdministrator
        if prove is not None:
            await prove()


def _prefix(handle: bytes) -> bytes:
    key = names.check(names.complete(handle))
    if not names.fold(key).startswith(names.PREFIX_HANDLE_START):
        raise InvalidHandle("A prefix is named by its prefix handle")
    return names.fold(key)[len(names.PREFIX_HANDLE_START) :]
