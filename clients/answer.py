"""Question and answer, whichever client was used.

Neither knows more of the transport than an answer's reader wants to see.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from idnode.clients.errors import error_for
from idnode.registry.handle.wire.constants import OpCode, OpFlag, ResponseCode
from idnode.registry.handle.wire.resolution import Query, encode_query

if TYPE_CHECKING:
    from idnode.registry.handle.model import HandleValue

QUESTION_FLAGS: Final = OpFlag.RECURSIVE | OpFlag.CACHE_CERTIFY | OpFlag.PUBLIC_ONLY
"""What deployed clients set by default (handle-protocol.md §2.1)."""

REFERRALS: Final = frozenset({ResponseCode.SERVICE_REFERRAL, ResponseCode.PREFIX_REFERRAL})
"""Codes that say where else to ask."""


class Transport(StrEnum):
    """Describes how a request travelled."""

    UDP = "udp"
    TCP = "tcp"
    HTTP = "http"


def as_handle(handle: bytes | str) -> bytes:
    """Return a handle as bytes, as spelled; text is encoded as UTF-8."""
    return handle.encode() if isinstance(handle, str) else handle


@dataclass(frozen=True, slots=True)
class Question:
    """Names which values of which handle are asked for; without indexes and types, all of them.

    Values match an index or a type, not both; a type ending in ``.`` also matches the types below it
    (handle-protocol.md §3.1 and §5.1).
    """

    handle: bytes
    indexes: tuple[int, ...] = ()
    types: tuple[bytes, ...] = ()
    op_flags: int = QUESTION_FLAGS
    recursion_count: int = 0
    """Servers that asked on behalf of others before."""

    @classmethod
    def of(
        cls,
        handle: bytes | str,
        *,
        indexes: tuple[int, ...] = (),
        types: tuple[str, ...] = (),
        op_flags: int = QUESTION_FLAGS,
    ) -> "Question":
        """Return a question from a handle and types that may be text."""
        return cls(as_handle(handle), indexes, tuple(entry.encode() for entry in types), op_flags)

    def body(self) -> bytes:
        """Return the body of the resolution request.

        Raises:
            EncodingError: An index does not fit into 32 bits.

        """
        return encode_query(Query(self.handle, self.indexes, self.types))


@dataclass(frozen=True, slots=True)
class Answer:
    """Holds what came back for one question.

    ``handle`` is spelled as the peer spelled it. ``message`` is the peer's text beside a code other than
    success, ``referral`` the handle it refers to (302, 303; then ``values`` are the referral's).
    ``seconds`` run from the question to the last byte, ``message_bytes`` count what came, envelopes
    included, in ``packets`` datagrams or messages. Header fields that HTTP does not carry keep their
    defaults. ``expiration`` is in epoch seconds.
    """

    handle: bytes
    values: "tuple[HandleValue, ...]"
    response_code: int = ResponseCode.SUCCESS
    message: str = ""
    referral: bytes = b""
    op_code: int = OpCode.RESOLUTION
    op_flags: int = 0
    request_id: int = 0
    version: tuple[int, int] | None = None
    site_serial: int | None = None
    expiration: int | None = None
    transport: Transport = Transport.UDP
    server: str = ""
    seconds: float = 0.0
    message_bytes: int = 0
    packets: int = 1
    from_cache: bool = field(default=False, kw_only=True)

    @property
    def succeeded(self) -> bool:
        """Return whether the response code is success."""
        return self.response_code == ResponseCode.SUCCESS

    @property
    def authoritative(self) -> bool:
        """Return whether a primary site answered (handle-protocol.md §2.1)."""
        return bool(self.op_flags & OpFlag.AUTHORITATIVE)

    def checked(self) -> "Answer":
        """Return the answer itself if it is a success.

        Raises:
            Refused: The leaf that stands for the response code, carrying this answer.

        """
        if self.response_code != ResponseCode.SUCCESS:
            raise error_for(self.response_code, self.message, self)
        return self
