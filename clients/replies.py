"""Replies of the binary protocol as answers, site records and the peer's words."""

from typing import TYPE_CHECKING

from idnode.clients.answer import REFERRALS, Answer, Question
from idnode.clients.errors import MalformedAnswer, error_for
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.types.hs_site import Site, decode_site
from idnode.registry.handle.values import EMPTY, unpack
from idnode.registry.handle.wire.constants import ROOT_HANDLE, OpCode, ResponseCode
from idnode.registry.handle.wire.cursor import Writer
from idnode.registry.handle.wire.digest import split_digest
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.failure import decode_failure
from idnode.registry.handle.wire.referral import decode_referral
from idnode.registry.handle.wire.resolution import decode_answer

if TYPE_CHECKING:
    from idnode.clients.request import ServerReply
    from idnode.registry.handle.wire.message import Message


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


def read_answer(question: Question, reply: "ServerReply", server: str) -> Answer:
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


def read_site(reply: "ServerReply") -> Site:
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
