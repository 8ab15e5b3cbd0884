"""Turns the bytes of one message into a request, or the answer that they are none.

The binary faces hand over each message with its envelope; what they get back is always an answer. An
undecodable message is answered with the request id of its envelope, which the reference server does not
manage, so that its clients run into their time-outs (handle-server-observed.md §3).

A message that names a session goes through the session's gate first; answers to it, and answers that are to be
certified, get their seals on the way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import NodeBusy, ServiceError
from idnode.node.service.queue_delay import BUSY_TEXT
from idnode.registry.handle.wire.constants import EnvelopeFlag, OpFlag
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.message import decode_message

if TYPE_CHECKING:
    from idnode.node.service.handle.connection import Connection
    from idnode.node.service.handle.dispatch import Operation
    from idnode.node.service.handle.response import ReplyTo, Responses
    from idnode.node.service.handle.sealing import Sealing
    from idnode.node.service.handle.session_gate import SessionGate
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message

_ENCRYPTED: Final = EnvelopeFlag.ENCRYPTED
_CERTIFY: Final = OpFlag.CERTIFY


class Receiver:
    """Decodes messages and passes them to a dispatch, which may be wrapped."""

    def __init__(
        self, dispatch: Operation, responses: Responses, gate: SessionGate, sealing: Sealing
    ) -> None:
        self._dispatch = dispatch
        self._responses = responses
        self._gate = gate
        self._sealing = sealing

    def receive(
        self, envelope: Envelope, data: bytes, connection: Connection, reply: ReplyTo
    ) -> None:
        """Have one message answered; ``reply`` is called before this returns, or later."""
        if envelope.session_id or envelope.flags & _ENCRYPTED:
            self._receive_in_session(envelope, data, connection, reply)
            return
        message = self._decoded(envelope, data, connection, reply)
        if message is None:
            return
        if message.op_flags & _CERTIFY:
            reply = self._sealing.certified(message, envelope, connection, reply)
        self._dispatch(message, envelope, connection, reply)

    def _receive_in_session(
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

    def turn_away(
        self, envelope: Envelope, data: bytes, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer a message that it has no turn, since more is asked than the node can answer.

        What a session protects has its turn nevertheless: its answer takes as much work as any.
        """
        if envelope.session_id or envelope.flags & _ENCRYPTED:
            self.receive(envelope, data, connection, reply)
            return
        message = self._decoded(envelope, data, connection, reply)
        if message is not None:
            reply(self._responses.failure(NodeBusy(BUSY_TEXT), envelope, connection, message))

    def refuse(
        self, error: Exception, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer a message that does not get in."""
        reply(self._responses.failure(error, envelope, connection))

    def _decoded(
        self, envelope: Envelope, data: bytes, connection: Connection, reply: ReplyTo
    ) -> Message | None:
        """Return the message that these bytes are; None once the sender was told that they are none."""
        try:
            return decode_message(data)
        except ProtocolError as error:
            self.refuse(error, envelope, connection, reply)
            return None
