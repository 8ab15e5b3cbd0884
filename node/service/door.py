"""Where the bytes of one message become a request, or the answer that they are none.

The binary faces hand over each message with its envelope; what they get back is always an answer. An
undecodable message is answered with the request id of its envelope, which the reference server does not
manage, so that its clients run into their time-outs (handle-server-observed.md §3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.protocol.constants import EnvelopeFlag
from node.protocol.errors import ProtocolError
from node.protocol.message import decode_message
from node.service.errors import EncryptedWithoutSession, ServiceError

if TYPE_CHECKING:
    from node.protocol.envelope import Envelope
    from node.service.connection import Connection
    from node.service.dispatch import Operation
    from node.service.response import ReplyTo, Responses

_ENCRYPTED = EnvelopeFlag.ENCRYPTED


class Door:
    """Decodes messages and passes them to a dispatch, which may be wrapped."""

    def __init__(self, dispatch: Operation, responses: Responses) -> None:
        self._dispatch = dispatch
        self._responses = responses

    def admit(
        self, envelope: Envelope, data: bytes, connection: Connection, reply: ReplyTo
    ) -> None:
        """Have one message answered; ``reply`` is called before this returns, or later."""
        try:
            if envelope.flags & _ENCRYPTED:
                raise EncryptedWithoutSession("There is no such session")
            message = decode_message(data)
        except (ProtocolError, ServiceError) as error:
            self.refuse(error, envelope, connection, reply)
        else:
            self._dispatch(message, envelope, connection, reply)

    def refuse(
        self, error: Exception, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer a message that does not get in."""
        reply(self._responses.failure(error, envelope, connection))
