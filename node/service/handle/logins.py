"""The logins of the Chinese client libraries: operations 2000 and 2001 (handle-protocol.md §6.3).

A login belongs to its TCP connection: what comes over it later is asked by whoever logged in, until the
connection ends or somebody logs in again. Both libraries want op 2001 to be challenged, always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.service import events
from idnode.node.service.errors import (
    AdministrationRefused,
    AuthenticationFailed,
    AuthenticationNeeded,
)
from idnode.node.service.identifiers.credentials import Identity, same
from idnode.registry.handle.values import EMPTY
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.login import decode_login, decode_password_login
from idnode.registry.handle.wire.resolution import encode_answer

if TYPE_CHECKING:
    from idnode.node.service.handle.connection import Connection
    from idnode.node.service.handle.dispatch import Dispatch, Operation
    from idnode.node.service.handle.response import Reply, ReplyTo, Responses
    from idnode.node.service.identifiers.credentials import Credentials
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message


class Logins:
    """Lets clients log in on their connections."""

    def __init__(self, credentials: Credentials, responses: Responses) -> None:
        self._credentials = credentials
        self._success = responses.success

    def operations(self, dispatch: Dispatch) -> dict[int, Operation]:
        """Return the table of these operations, which reply later through ``dispatch``."""

        def log_in(
            message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
        ) -> None:
            work = self._log_in(message, envelope, connection)
            dispatch.later(work, message, envelope, connection, reply)

        return {OpCode.LOGIN_ID_SYSTEM: log_in, OpCode.LOGIN_PASSWORD: self._by_password}

    async def _log_in(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        """Answer op 2001: a challenge, and success once it comes back proven.

        Raises:
            AdministrationRefused: It came as a datagram, and there is nothing to log in on.
            AuthenticationNeeded: It is not the answer to a challenge.
            AuthenticationFailed: Somebody else's identity was proven, or none.

        """
        login = decode_login(message.body)
        if not connection.stream:
            raise AdministrationRefused
        if not connection.claimed or connection.identity is None:
            raise AuthenticationNeeded
        wanted = Identity(login.handle, login.index or connection.identity.index)
        if not same(wanted, connection.identity):
            raise AuthenticationFailed
        if connection.proof is not None:
            await connection.proof()
        connection.whole.identity = connection.identity
        return self._success(message, envelope, connection, b"", events.OTHER, b"")

    def _by_password(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer op 2000: a user's name is a handle, the password one of its secret keys.

        Raises:
            AdministrationRefused: It came as a datagram.
            AuthenticationFailed: Unknown, or another password.

        """
        login = decode_password_login(message.body)
        if not connection.stream:
            raise AdministrationRefused
        index, colon, handle = login.username.partition(b":")
        if not colon or not index.isdigit() or len(index) > 9:
            index, handle = b"0", login.username
        claimed = Identity(handle, int(index))
        connection.whole.identity = self._credentials.verify_secret(claimed, login.password)
        body = encode_answer(login.username, EMPTY)
        reply(self._success(message, envelope, connection, body, events.OTHER, b""))
