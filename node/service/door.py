"""Where the bytes of one message become a request, or the answer that they are none.

The binary faces hand over each message with its envelope; what they get back is always an answer. An
undecodable message is answered with the request id of its envelope, which the reference server does not
manage, so that its clients run into their time-outs (handle-server-observed.md §3).

A message that names a session goes through the session's gate first; answers to it, and answers that are to be
certified, get their seals on the way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from node.protocol.constants import EnvelopeFlag, OpFlag
from node.protocol.errors import ProtocolError
from node.protocol.message import decode_message
from node.service.errors import ServiceError

if TYPE_CHECKING:
    from node.protocol.envelope import Envelope
    from node.service.connection import Connection
    from node.service.dispatch import Operation
    from node.service.response import ReplyTo, Responses
    from node.service.sealing import Sealing
    from node.service.session_gate import SessionGate

_ENCRYPTED: Final = EnvelopeFlag.ENCRYPTED
_CERTIFY: Final = OpFlag.CERTIFY


class Door:
    """Decodes messages and passes them to a dispatch, which may be wrapped."""

    def __init__(
        self, dispatch: Operation, responses: Responses, gate: SessionGate, sealing: Sealing
    ) -> None:
        self._dispatch = dispatch
        self._responses = responses
        self._gate = gate
        self._sealing = sealing

    def admit(
        self, envelope: Envelope, data: bytes, connection: Connection, reply: ReplyTo
    ) -> None:
        """Have one message answered; ``reply`` is called before this returns, or later."""
        if envelope.session_id or envelope.flags & _ENCRYPTED:
            self._admit_to_session(envelope, data, connection, reply)
            return
        try:
            message = decode_message(data)
        except ProtocolError as error:
            self.refuse(error, envelope, connection, reply)
            return
        if message.op_flags & _CERTIFY:
            reply = self._sealing.certified(message, envelope, connection, reply)
        self._dispatch(message, envelope, connection, reply)

    def _admit_to_session(
        self, envelope: Envelope, data: bytes, connection: Connection, reply: ReplyTo
    ) -> None:
        message = session = None
        encrypted = bool(envelope.flags & _ENCRYPTED)
        try:
            if not encrypted:
                message = decode_message(data)
            session = self._gate.session_of(envelope, connection)
            if encrypted:
                message = decode_message(self._gate.opened(envelope, data, session))
            assert message is not None
            if session is not None:
                reply = self._sealing.within(session, message, reply, encrypted=encrypted)
            view = self._gate.view(message, envelope, connection, session)
        except (ProtocolError, ServiceError) as error:
            reply(self._responses.failure(error, envelope, connection, message))
            return
        if message.op_flags & _CERTIFY and not self._sealing.keyed(session, message):
            reply = self._sealing.certified(message, envelope, connection, reply)
        self._dispatch(message, envelope, view, reply)

    def refuse(
        self, error: Exception, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer a message that does not get in."""
        reply(self._responses.failure(error, envelope, connection))
