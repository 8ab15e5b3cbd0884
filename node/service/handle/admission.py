"""Has messages answered, or turned away while more is asked than the node can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.node.service.handle.connection import Connection
    from idnode.node.service.handle.receiver import Receiver
    from idnode.node.service.handle.response import ReplyTo
    from idnode.node.service.queue_delay import QueueDelay
    from idnode.registry.handle.wire.envelope import Envelope

    Receive = Callable[[Envelope, bytes, Connection, ReplyTo], None]


class Admission:
    """The way of one face's messages to the receiver; ``queue`` is the one that they wait in before."""

    __slots__ = ("_face", "_receiver", "queue", "refuse")

    def __init__(self, receiver: Receiver, queue: QueueDelay, face: str) -> None:
        self._receiver = receiver
        self._face = face
        self.queue = queue
        self.refuse = receiver.refuse
        """Answers a message that does not get in."""

    @property
    def receive(self) -> Receive:
        """Take messages as is due now; each is answered before this returns, or later."""
        return self._receive_some if self.queue.share else self._receiver.receive

    def _receive_some(
        self, envelope: Envelope, data: bytes, connection: Connection, reply: ReplyTo
    ) -> None:
        receiver = self._receiver
        turned_away = self.queue.turns_away(self._face)
        (receiver.turn_away if turned_away else receiver.receive)(envelope, data, connection, reply)
