"""The operations of the binary protocol that only read: resolution (op 1) and get-site-info (op 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import (
    AuthenticationNeeded,
    InvalidAdministrator,
    NotResponsible,
    SiteUnknown,
)
from idnode.node.service.events import RESOLVE, SITE
from idnode.node.service.handle.peers import is_id_sdk
from idnode.node.service.handle.status import STATUS_HANDLE
from idnode.registry.errors import ValuesNotFound
from idnode.registry.handle import names, values
from idnode.registry.handle.model import Permission
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.handle.wire.constants import OpCode, OpFlag
from idnode.registry.handle.wire.resolution import decode_query, encode_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.node.service.handle.connection import Connection, Proof
    from idnode.node.service.handle.dispatch import Dispatch, Operation
    from idnode.node.service.handle.response import Reply, ReplyTo, Responses
    from idnode.node.service.handle.status import Status
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.node.service.identifiers.resolver import Resolver
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message
    from idnode.registry.handle.wire.resolution import Query

_AUTHORITATIVE: Final = OpFlag.AUTHORITATIVE
_DO_NOT_REFER: Final = OpFlag.DO_NOT_REFER
_PUBLIC_ONLY: Final = OpFlag.PUBLIC_ONLY
_TRUSTED_QUERY: Final = OpFlag.TRUSTED_QUERY
_TRUSTED_RESULT: Final = OpFlag.TRUSTED_RESULT
_READABLE: Final = Permission.ADMIN_READ | Permission.PUBLIC_READ


class Queries:
    """Answers queries; ``site`` is the node's site record.

    ``trusts`` says of a complete handle whether its record is verified, for those who ask for a trusted answer.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # called once, where the operations are put together
        self,
        resolver: Resolver,
        permissions: Permissions,
        responses: Responses,
        status: Status,
        site: bytes = b"",
        trusts: Callable[[bytes], bool] | None = None,
    ) -> None:
        self.site = site
        self._trusts = trusts
        self._resolve = resolver.resolve
        self._permissions = permissions
        self._success = responses.success
        self._status = status

    def operations(self, dispatch: Dispatch) -> dict[int, Operation]:
        """Return the table of these operations; those that wait for a proof reply through ``dispatch``."""

        def resolve(
            message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
        ) -> None:
            if message.op_flags & _PUBLIC_ONLY:
                self.resolve(message, envelope, connection, reply)
            else:
                self._resolve_all(dispatch, message, envelope, connection, reply)

        return {OpCode.RESOLUTION: resolve, OpCode.GET_SITE_INFO: self.get_site_info}

    def resolve(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer a resolution with the values that everybody may read.

        Raises:
            ProtocolError: The body is no query.
            RegistryError: As `Resolver.resolve`.
            ServiceError: As `Resolver.resolve`, or the answer is too large.

        """
        query = decode_query(message.body)
        handle = query.handle
        try:
            packed = self._resolve(
                handle,
                indexes=query.indexes,
                types=query.types,
                refer=not message.op_flags & _DO_NOT_REFER,
                current=bool(message.op_flags & _AUTHORITATIVE),
            )
        except NotResponsible:
            if names.fold(handle) != STATUS_HANDLE:
                raise
            raise ValuesNotFound from None
        reply(
            self._success(
                message,
                envelope,
                connection,
                encode_answer(handle, packed),
                RESOLVE,
                handle.partition(b"/")[0],
                self._verified(message, handle),
            )
        )

    def _resolve_all(
        self,
        dispatch: Dispatch,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        reply: ReplyTo,
    ) -> None:
        """Answer a resolution that does not leave restricted values aside.

        Where there are any, whoever asks has to prove a right to read them (handle-server-observed.md §3).
        Not so ID-SDK, which asks like this always and cannot answer challenges, nor who is logged in on the
        connection without that right: they get what everybody may read (handle-protocol.md §2.1).

        Raises:
            AuthenticationNeeded: There are restricted values, and nobody is known to ask.
            InvalidAdministrator: Whoever asks has no right to read them.
            RegistryError: As for `resolve`.
            ServiceError: As for `resolve`.

        """
        query = decode_query(message.body)
        packed = self._everything(query, refer=not message.op_flags & _DO_NOT_REFER)
        if values.all_public(packed):
            reply(self._answer(message, envelope, connection, query, packed))
            return
        identity = connection.identity
        may_read = identity is not None and self._permissions.allows(
            identity, Right.READ_VALUE, query.handle
        )
        if may_read:
            work = self._restricted(message, envelope, connection, query, packed)
            dispatch.later(work, message, envelope, connection, reply)
        elif connection.claimed or (connection.keyed and identity is not None):
            raise InvalidAdministrator
        elif identity is None and not is_id_sdk(envelope):
            raise AuthenticationNeeded
        else:
            self.resolve(message, envelope, connection, reply)

    def _everything(self, query: Query, *, refer: bool) -> bytes:
        try:
            return self._resolve(
                query.handle,
                indexes=query.indexes,
                types=query.types,
                public_only=False,
                refer=refer,
            )
        except NotResponsible:
            if names.fold(query.handle) != STATUS_HANDLE:
                raise
            return self._status.values()

    async def _restricted(
        self,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        query: Query,
        packed: bytes,
    ) -> Reply:
        """Answer with what administrators may read, once it is proven that one asks."""
        prove: Proof | None = connection.proof
        if prove is not None:
            await prove()
        readable = [
            packed[span.start : span.end]
            for span in values.spans(packed)
            if span.permissions & _READABLE
        ]
        if not readable:
            raise ValuesNotFound
        answer = self._answer(message, envelope, connection, query, values.join(readable))
        answer.private = True
        return answer

    def _answer(
        self,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        query: Query,
        packed: bytes,
    ) -> Reply:
        body = encode_answer(query.handle, packed)
        prefix = names.prefix_of(query.handle)
        flags = self._verified(message, query.handle)
        return self._success(message, envelope, connection, body, RESOLVE, prefix, flags)

    def _verified(self, message: Message, handle: bytes) -> int:
        """Return the flag of a verified answer, if it was asked for and is one (handle-protocol.md §2.1)."""
        if not message.op_flags & _TRUSTED_QUERY or self._trusts is None:
            return 0
        return _TRUSTED_RESULT if self._trusts(names.complete(handle)) else 0

    def get_site_info(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer with the node's site record.

        Raises:
            SiteUnknown: The node is still starting.

        """
        if not self.site:
            raise SiteUnknown("The node is still starting")
        reply(self._success(message, envelope, connection, self.site, SITE, b""))
