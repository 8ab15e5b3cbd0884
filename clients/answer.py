"""What is asked of a node, and what a caller gets back, whichever client was used.

A `Question` and an `Answer` know no transport details beyond what an answer's reader wants to see. How a
reply of the binary protocol becomes an `Answer` is told here too, so that both socket clients share it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from idnode.clients.errors import MalformedAnswer, error_for
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.types.hs_site import Site, decode_site
from idnode.registry.handle.values import EMPTY, unpack
from idnode.registry.handle.wire.constants import ROOT_HANDLE, OpCode, OpFlag, ResponseCode
from idnode.registry.handle.wire.cursor import Writer
from idnode.registry.handle.wire.digest import split_digest
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.failure import decode_failure
from idnode.registry.handle.wire.referral import decode_referral
from idnode.registry.handle.wire.resolution import Query, decode_answer, encode_query

if TYPE_CHECKING:
    from idnode.clients.request import Reply
    from idnode.registry.handle.model import HandleValue
    from idnode.registry.handle.wire.message import Message

QUESTION_FLAGS: Final = OpFlag.RECURSIVE | OpFlag.CACHE_CERTIFY | OpFlag.PUBLIC_ONLY
"""What deployed clients set by default (handle-protocol.md §2.1)."""

REFERRALS: Final = frozenset({ResponseCode.SERVICE_REFERRAL, ResponseCode.PREFIX_REFERRAL})
"""Codes that say where else to ask."""


class Transport(StrEnum):
    """How a request travelled."""

    UDP = "udp"
    TCP = "tcp"
    HTTP = "http"


def as_handle(handle: bytes | str) -> bytes:
    """Return a handle as bytes, as spelled; text is encoded as UTF-8."""
    return handle.encode() if isinstance(handle, str) else handle


@dataclass(frozen=True, slots=True)
class Question:
    """Which values of which handle are asked for; without indexes and types, all of them.

    Values match an index or a type, not both; a type ending in ``.`` also matches the types below it
    (handle-protocol.md §3.1 and §5.1).
    """

    handle: bytes
    indexes: tuple[int, ...] = ()
    types: tuple[bytes, ...] = ()
    op_flags: int = QUESTION_FLAGS

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
    """What came back for one question.

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
        """Whether the response code is success."""
        return self.response_code == ResponseCode.SUCCESS

    @property
    def authoritative(self) -> bool:
        """Whether a primary site answered (handle-protocol.md §2.1)."""
        return bool(self.op_flags & OpFlag.AUTHORITATIVE)

    def checked(self) -> "Answer":
        """Return the answer itself if it is a success.

        Raises:
            Refused: The leaf that stands for the response code, carrying this answer.

        """
        if self.response_code != ResponseCode.SUCCESS:
            raise error_for(self.response_code, self.message, self)
        return self


def content_of(message: "Message") -> bytes:
    """Return a response's body without the digest of the request that RRDG puts in front of it.

    Source: handle-protocol.md §5.

    Raises:
        MalformedAnswer: The digest is of no known algorithm, or cut short.

    """
    try:
        return split_digest(message.body, message.op_flags)[1]
    except ProtocolError as error:
        raise MalformedAnswer(f"The digest of the request cannot be read: {error}") from error


def failure_text(body: bytes) -> str:
    """Return the peer's words in an error answer; nothing if the body is not in the form of one."""
    try:
        return decode_failure(body)
    except ProtocolError:
        return ""


def read_answer(question: Question, reply: "Reply", server: str) -> Answer:
    """Return the answer that a reply to a resolution carries.

    Raises:
        MalformedAnswer: The body breaks the protocol, or is of another operation.

    """
    message = reply.messages[0]
    code = message.response_code
    if code == ResponseCode.SUCCESS and message.op_code != OpCode.RESOLUTION:
        raise MalformedAnswer(f"Answer of operation {message.op_code} to a resolution")
    handle, packed, text, referral = question.handle, EMPTY, "", b""
    try:
        content = content_of(message)
        if code == ResponseCode.SUCCESS:
            handle, packed = decode_answer(content)
        elif code in REFERRALS:
            found = decode_referral(content)
            referral, packed = found.handle, found.values or EMPTY
        elif code != ResponseCode.AUTHENTICATION_NEEDED:
            text = failure_text(content)
        values = unpack(packed)
    except (ProtocolError, RegistryError) as error:
        raise MalformedAnswer(f"The answer's body cannot be read: {error}") from error
    return Answer(
        handle,
        values,
        code,
        text,
        referral,
        op_code=message.op_code,
        op_flags=message.op_flags,
        request_id=reply.request_id,
        version=(reply.envelope.major, reply.envelope.minor),
        site_serial=message.site_serial,
        expiration=message.expiration,
        transport=reply.transport,
        server=server,
        seconds=reply.seconds,
        message_bytes=reply.message_bytes,
        packets=reply.packets,
    )


def read_site(reply: "Reply") -> Site:
    """Return the site record that a reply to get-site-info carries.

    Raises:
        Refused: The reply has another code than success.
        MalformedAnswer: The body is no site record.

    """
    message = reply.messages[0]
    content = content_of(message)
    if message.response_code != ResponseCode.SUCCESS:
        raise error_for(message.response_code, failure_text(content))
    try:
        return decode_site(content)
    except ProtocolError as error:
        raise MalformedAnswer(f"The site record cannot be read: {error}") from error


def site_request_body() -> bytes:
    """Return the body of a get-site-info request (handle-protocol.md §5)."""
    return Writer().string(ROOT_HANDLE).done()
