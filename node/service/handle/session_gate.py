"""Finds the session of a message and checks the message's code (handle-protocol.md §7).

No code where one is needed is answered 404, a wrong one 502, a counter used before 505, a session that is
over or never was 500.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import (
    InvalidCredential,
    SessionKeyInvalid,
    SessionMessageRejected,
    SessionUnknown,
)
from idnode.node.service.handle.peers import is_id_pointer
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.proofs.session_cipher import decrypt
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.credential import MAC, decode_credential, read_code
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.versions import message_mac, version_of

if TYPE_CHECKING:
    from idnode.node.service.handle.connection import Connection
    from idnode.node.service.handle.sessions import Session, Sessions
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message

_NUMBERED_OTHERWISE: Final = (OpCode.CHALLENGE_ANSWER, OpCode.SESSION_SETUP)
"""Operations whose session id need not name a session."""


class SessionGate:
    """Lets messages into their sessions."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def session_of(self, envelope: Envelope, connection: Connection) -> Session | None:
        """Return the session that an envelope names, nothing if there is none.

        Raises:
            SessionUnknown: Its time is over.

        """
        own = connection.own_session
        if own is not None and own.number == envelope.session_id:
            self._sessions.use(own)
            return own
        return self._sessions.find(envelope.session_id)

    @staticmethod
    def opened(envelope: Envelope, data: bytes, session: Session | None) -> bytes:
        """Return an encrypted message in clear.

        Raises:
            SessionUnknown: There is no session that could have encrypted it.
            SessionKeyInvalid: It was not encrypted with the session's key.

        """
        if session is None or not session.key:
            raise SessionUnknown("There is no such session")
        try:
            return decrypt(data, session.key, session.cipher, version_of(envelope))
        except ProtocolError as error:
            raise SessionKeyInvalid("The message does not decrypt") from error

    def view(
        self,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        session: Session | None,
    ) -> Connection:
        """Return what the operation may know of the connection, the message's code being checked.

        Raises:
            SessionUnknown: The message names a session, and there is none.
            InvalidCredential: Its credential cannot be read, or is of another kind.
            SessionKeyInvalid: Its code was not made with the session's key.
            SessionMessageRejected: Its counter came before.

        """
        if session is None:
            if message.op_code in _NUMBERED_OTHERWISE or is_id_pointer(envelope):
                return connection
            raise SessionUnknown("There is no such session")
        if not message.credential:
            return connection.within(session, keyed=False)
        _check_code(message, envelope, session)
        return connection.within(session, keyed=True)


def _check_code(message: Message, envelope: Envelope, session: Session) -> None:
    found = read_code(message.credential)
    if found is not None:
        kind, (counter, signature) = b"HMAC-SHA256", found
    else:
        kind, counter, signature = _other_code(message.credential)
    if not session.key:
        raise InvalidCredential("The session has no key yet")
    algorithm, code = message_mac(envelope, message.signed, counter, session.key)
    if kind != algorithm:
        raise InvalidCredential("The message's version takes another code")
    if not hmac.compare_digest(code, signature):
        raise SessionKeyInvalid("The message's code is wrong")
    if not session.admits(counter):
        raise SessionMessageRejected("The session's counter came before")


def _other_code(section: bytes) -> tuple[bytes, int, bytes]:
    """Return algorithm, counter and code of a credential that is laid out otherwise."""
    try:
        credential = decode_credential(section)
    except (ProtocolError, InvalidHandle) as error:
        raise InvalidCredential("The credential cannot be read") from error
    if credential.type != MAC:
        raise InvalidCredential("The session's messages carry its code")
    return credential.algorithm, credential.counter, credential.signature
