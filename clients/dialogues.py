"""Operations of several messages, or of an administrator, for both socket clients.

A dialogue yields what to ask and is sent the reply; a client drives it over its own sockets::

    administrator = Administrator(SecretIdentity(b"0.NA/88.900.1", 301, b"idnode-demo"))
    client.do(create(administrator, "88.900.1/cup", values))

All of it goes over TCP, because servers take administration there only. Sources: handle-protocol.md §5 to §7.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from idnode.clients.answer import as_handle
from idnode.clients.errors import MalformedAnswer, error_for
from idnode.clients.replies import content_of, failure_text
from idnode.clients.request import Ask, Dialogue, ServerReply
from idnode.clients.session import ClientSession, dh_half, dh_private
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.names import prefix_handle
from idnode.registry.handle.proofs.session_cipher import agreed_key
from idnode.registry.handle.types.hs_pubkey import DhPublicKey, decode_public_key, encode_public_key
from idnode.registry.handle.values import pack
from idnode.registry.handle.wire import administration as bodies
from idnode.registry.handle.wire.challenge import decode_challenge
from idnode.registry.handle.wire.constants import KeyExchange, OpCode, OpFlag, ResponseCode
from idnode.registry.handle.wire.digest import digest_of
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.login import (
    Login,
    PasswordLogin,
    encode_login,
    encode_password_login,
)
from idnode.registry.handle.wire.session_setup import (
    SessionRequest,
    decode_key_data,
    decode_session_answer,
    encode_session_request,
)
from idnode.registry.handle.wire.versions import version_of

if TYPE_CHECKING:
    from idnode.clients.identity import Identity
    from idnode.registry.handle.model import HandleValue
    from idnode.registry.handle.wire.message import Message

_SESSION_SECONDS = 86_400


@dataclass(slots=True)
class Administrator:
    """Names who asks, and the session under which it asks, if `open_session` has made one."""

    identity: "Identity"
    session: ClientSession | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Created:
    """Holds what a creation made: the handle as the server names it, and whether it replaced a record."""

    handle: bytes
    replaced: bool


def create(
    administrator: Administrator,
    handle: bytes | str,
    values: "Sequence[HandleValue]",
    *,
    overwrite: bool = False,
    mint: bool = False,
) -> Dialogue[Created]:
    """Create a record; with ``mint`` the server appends a unique suffix to the handle."""
    flags = OpFlag.OVERWRITE * overwrite | OpFlag.MINT_SUFFIX * mint
    body = bodies.encode_record(as_handle(handle), pack(values))
    message = yield from _done(administrator, OpCode.CREATE_HANDLE, body, flags)
    try:
        made = bodies.decode_created(content_of(message))
    except (ProtocolError, RegistryError) as error:
        raise MalformedAnswer(f"The created handle cannot be read: {error}") from error
    return Created(made or as_handle(handle), bool(message.op_flags & OpFlag.OVERWRITE))


def delete(administrator: Administrator, handle: bytes | str) -> Dialogue[None]:
    """Delete a record."""
    body = bodies.encode_handle(as_handle(handle))
    yield from _done(administrator, OpCode.DELETE_HANDLE, body)


def add_values(
    administrator: Administrator,
    handle: bytes | str,
    values: "Sequence[HandleValue]",
    *,
    overwrite: bool = False,
) -> Dialogue[None]:
    """Add values to a record; with ``overwrite`` those at the same indexes are replaced."""
    body = bodies.encode_record(as_handle(handle), pack(values))
    yield from _done(administrator, OpCode.ADD_VALUES, body, OpFlag.OVERWRITE * overwrite)


def modify_values(
    administrator: Administrator, handle: bytes | str, values: "Sequence[HandleValue]"
) -> Dialogue[None]:
    """Replace values of a record, which must all be there."""
    body = bodies.encode_record(as_handle(handle), pack(values))
    yield from _done(administrator, OpCode.MODIFY_VALUES, body)


def remove_values(
    administrator: Administrator, handle: bytes | str, indexes: Iterable[int]
) -> Dialogue[None]:
    """Remove the values at these indexes, which must all be there."""
    body = bodies.encode_removal(as_handle(handle), indexes)
    yield from _done(administrator, OpCode.REMOVE_VALUES, body)


def list_handles(administrator: Administrator, prefix: bytes | str) -> Dialogue[list[bytes]]:
    """Return all handles of a prefix."""
    body = bodies.encode_handle(prefix_handle(as_handle(prefix)))
    return (yield from _listed(administrator, OpCode.LIST_HANDLES, body))


def list_prefixes(administrator: Administrator) -> Dialogue[list[bytes]]:
    """Return the prefix handles of the prefixes that live on the server."""
    body = bodies.encode_handle(b"/")
    return (yield from _listed(administrator, OpCode.LIST_HOMED_PREFIXES, body))


def home_prefix(administrator: Administrator, prefix: bytes | str) -> Dialogue[None]:
    """Have a prefix live on the server."""
    body = bodies.encode_handle(prefix_handle(as_handle(prefix)))
    yield from _done(administrator, OpCode.HOME_PREFIX, body)


def unhome_prefix(administrator: Administrator, prefix: bytes | str) -> Dialogue[None]:
    """Have a prefix live on the server no more."""
    body = bodies.encode_handle(prefix_handle(as_handle(prefix)))
    yield from _done(administrator, OpCode.UNHOME_PREFIX, body)


def log_in(identity: "Identity") -> Dialogue[None]:
    """Log in on the connection, as the Chinese client libraries do; later requests need no proof there."""
    body = encode_login(Login(identity.handle, identity.index))
    flags = OpFlag.REQUEST_DIGEST
    reply = yield from _proven(identity, Ask(OpCode.LOGIN_ID_SYSTEM, body, flags))
    _checked(reply)


def log_in_with_password(name: bytes | str, password: bytes) -> Dialogue[None]:
    """Log in on the connection with a user's name and password."""
    body = encode_password_login(PasswordLogin(as_handle(name), password))
    reply = yield Ask(OpCode.LOGIN_PASSWORD, body)
    _checked(reply)


def open_session(
    administrator: Administrator, *, encrypted: bool = False
) -> Dialogue[ClientSession]:
    """Agree with the server on a key, under which the administrator asks from then on."""
    identity = administrator.identity
    private = dh_private()
    half = encode_public_key(dh_half(private))
    proposal = SessionRequest(
        KeyExchange.DIFFIE_HELLMAN, _SESSION_SECONDS, identity.handle, identity.index, half
    )
    flags = OpFlag.REQUEST_DIGEST
    reply = yield Ask(OpCode.SESSION_SETUP, encode_session_request(proposal), flags)
    message = _checked(reply)
    try:
        answer = decode_session_answer(content_of(message))
        cipher, data = decode_key_data(answer.data)
        peer = decode_public_key(data)
    except (ProtocolError, RegistryError) as error:
        raise MalformedAnswer(f"The session's key cannot be read: {error}") from error
    if not isinstance(peer, DhPublicKey):
        raise MalformedAnswer("The server agreed on no key")
    session = ClientSession(reply.envelope.session_id, agreed_key(peer, private), cipher, encrypted)
    administrator.session = session
    return session


def close_session(administrator: Administrator) -> Dialogue[None]:
    """End the administrator's session."""
    session, administrator.session = administrator.session, None
    if session is not None:
        ask = Ask(OpCode.SESSION_TERMINATE, bodies.encode_handle(b"/"), 0, session.number, session)
        _checked((yield ask))


def prove(administrator: Administrator, ask: Ask) -> Dialogue[ServerReply]:
    """Ask in the administrator's name, and answer the challenge if one comes; return the last reply."""
    session = administrator.session
    number = session.number if session else 0
    asked = Ask(ask.op_code, ask.body, ask.op_flags, number, session)
    return (yield from _proven(administrator.identity, asked))


def _proven(identity: "Identity", ask: Ask) -> Dialogue[ServerReply]:
    reply = yield ask
    message = reply.messages[0]
    if message.response_code != ResponseCode.AUTHENTICATION_NEEDED:
        return reply
    version = version_of(reply.envelope)
    try:
        challenge = decode_challenge(message.body, message.op_flags)
    except ProtocolError as error:
        raise MalformedAnswer(f"The challenge cannot be read: {error}") from error
    asked = challenge.digest
    if asked is None or digest_of(reply.request, asked.algorithm) != asked:
        # Proving somebody else's request would let whoever sits between carry it out.
        raise MalformedAnswer("The challenge is for another request")
    body = identity.answer(challenge, version)
    flags = ask.op_flags & OpFlag.REQUEST_DIGEST
    number = reply.envelope.session_id
    return (yield Ask(OpCode.CHALLENGE_ANSWER, body, flags, number, ask.session))


def _done(
    administrator: Administrator, op_code: int, body: bytes, flags: int = 0
) -> "Dialogue[Message]":
    reply = yield from prove(administrator, Ask(op_code, body, flags))
    return _checked(reply)


def _listed(administrator: Administrator, op_code: int, body: bytes) -> Dialogue[list[bytes]]:
    reply = yield from prove(administrator, Ask(op_code, body))
    _checked(reply)
    found: list[bytes] = []
    try:
        for message in reply.messages:
            found += bodies.decode_handle_list(content_of(message))
    except (ProtocolError, RegistryError) as error:
        raise MalformedAnswer(f"The list cannot be read: {error}") from error
    return found


def _checked(reply: "ServerReply") -> "Message":
    message = reply.messages[0]
    if message.response_code != ResponseCode.SUCCESS:
        content = b""
        if message.response_code != ResponseCode.AUTHENTICATION_NEEDED:
            content = content_of(message)
        raise error_for(message.response_code, failure_text(content))
    return message
