"""Requests and their schedule, which go into the exchange, and replies and outcomes, which come out."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from idnode.clients.answer import Transport
from idnode.registry.handle.wire.constants import EXPIRATION_SECONDS, OpCode

if TYPE_CHECKING:
    from idnode.clients.errors import NotAnswered
    from idnode.clients.session import ClientSession
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message

Result = TypeVar("Result")

REPEATABLE: Final = frozenset(
    {OpCode.RESOLUTION, OpCode.GET_SITE_INFO, OpCode.LIST_HANDLES, OpCode.LIST_HOMED_PREFIXES}
)
"""Operations that change nothing, and so may be sent again although the first may have been carried out."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to send again and when to give up, in seconds.

    ``sends_at`` count from the request; after ``udp_seconds`` the request moves to TCP, where it has
    ``stream_seconds`` more, connecting and waiting for a connection included (handle-protocol.md §1.3).
    """

    sends_at: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5)
    udp_seconds: float = 2.0
    stream_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """Holds what to send; ``expiration`` is in epoch seconds (handle-protocol.md §2)."""

    op_code: int
    body: bytes
    op_flags: int
    expiration: int
    session_id: int = 0
    session: "ClientSession | None" = None
    recursion_count: int = 0

    @classmethod
    def dated(  # noqa: PLR0913  # keywords but for the first two
        cls,
        op_code: int,
        body: bytes,
        *,
        op_flags: int,
        now: float,
        session_id: int = 0,
        session: "ClientSession | None" = None,
        recursion_count: int = 0,
    ) -> "Request":
        """Return a request that expires when everybody's do; ``now`` is in epoch seconds here.

        ``session_id`` is 0, a session's number, or that of the challenge which the request answers.
        """
        expiration = int(now) + EXPIRATION_SECONDS
        return cls(op_code, body, op_flags, expiration, session_id, session, recursion_count)


@dataclass(slots=True)
class ServerReply:
    """A complete answer: one message, or several where the first ones say that more follows.

    ``message_bytes`` count what was received for it, envelopes included. ``request`` is header and body of
    what was asked, which challenges quote by their digest.
    """

    request_id: int
    envelope: "Envelope"
    messages: "list[Message]"
    transport: Transport
    seconds: float
    message_bytes: int
    packets: int
    request: bytes = b""


@dataclass(frozen=True, slots=True)
class Answered:
    """A request has its reply."""

    request_id: int
    reply: ServerReply


@dataclass(frozen=True, slots=True)
class StreamNeeded:
    """A request has to be sent over TCP (`Exchange.send_on`) before ``deadline``."""

    request_id: int
    deadline: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A request gets no reply."""

    request_id: int
    error: "NotAnswered"


Outcome = Answered | StreamNeeded | Failed


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a dialogue; ``server`` is another server than the client's own, asked for this once."""

    op_code: int
    body: bytes
    op_flags: int = 0
    session_id: int = 0
    session: "ClientSession | None" = None
    transport: Transport = Transport.TCP
    server: tuple[str, int] | None = None
    recursion_count: int = 0


Dialogue = Generator[Ask, ServerReply, Result]
"""Yields requests, is sent replies, returns what it was for; raises `Refused` and `MalformedAnswer`."""
