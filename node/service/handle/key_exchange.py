"""Setting sessions up and ending them: operations 400 to 402 (handle-protocol.md §7).

Four ways to a shared key: Diffie-Hellman (mode 4), a key encrypted to a key that the client sends (1) or names
(3), and a key that the client encrypts to the server's (2, completed by operation 402). Whoever sets a session
up has proven nothing; that comes with its first administrative request.

The encryption of mode 2 is PKCS#1 v1.5. A ciphertext that does not open is answered like one that does, with a
key that nobody knows, so that nothing can be learnt from trying.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from idnode.node.service import events
from idnode.node.service.errors import (
    InvalidCredential,
    RsaKeyNeeded,
    SessionFailed,
    SessionSetupInvalid,
    SessionUnknown,
)
from idnode.node.service.handle.peers import is_id_pointer
from idnode.node.service.handle.sessions import Session
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.fetching import fetched
from idnode.registry.handle import names
from idnode.registry.handle.crypto import sm2, sm2_private
from idnode.registry.handle.proofs.session_cipher import KEY_BYTES, agreed_key
from idnode.registry.handle.types.hs_pubkey import DhPublicKey, decode_public_key, encode_public_key
from idnode.registry.handle.values import data_of, spans
from idnode.registry.handle.wire.constants import KeyExchange, OpCode, SessionCipher
from idnode.registry.handle.wire.errors import ProtocolError
from idnode.registry.handle.wire.session_setup import (
    SessionAnswer,
    SessionRequest,
    decode_key_data,
    decode_key_exchange,
    decode_session_request,
    encode_key_data,
    encode_session_answer,
)

if TYPE_CHECKING:
    from idnode.node.service.handle.connection import Connection
    from idnode.node.service.handle.dispatch import Dispatch, Operation
    from idnode.node.service.handle.response import Reply, ReplyTo, Responses
    from idnode.node.service.handle.sessions import Sessions
    from idnode.node.service.offload import Offload
    from idnode.registry.handle.types.hs_pubkey import PublicKey
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message
    from idnode.registry.register import Register

_DH_BITS_MAX: Final = 4096
_DH_EXPONENT_BITS: Final = 320
"""Twice the strength of the largest group taken, and more than the session key has."""

_KEY_TYPE: Final = b"HS_PUBKEY"


class KeyExchanges:
    """Sets sessions up and ends them."""

    def __init__(
        self, sessions: Sessions, register: Register, offload: Offload, responses: Responses
    ) -> None:
        self._sessions = sessions
        self._register = register
        self._offload = offload
        self._responses = responses

    def operations(self, dispatch: Dispatch) -> dict[int, Operation]:
        """Return the table of these operations, which reply later through ``dispatch``."""

        def set_up(
            message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
        ) -> None:
            work = self._set_up(message, envelope, connection)
            dispatch.later(work, message, envelope, connection, reply)

        def take_key(
            message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
        ) -> None:
            work = self._take_key(message, envelope, connection)
            dispatch.later(work, message, envelope, connection, reply)

        return {
            OpCode.SESSION_SETUP: set_up,
            OpCode.SESSION_KEY_EXCHANGE: take_key,
            OpCode.SESSION_TERMINATE: self._terminate,
        }

    async def _set_up(self, message: Message, envelope: Envelope, connection: Connection) -> Reply:
        """Answer op 400 with the server's half of the key exchange.

        Raises:
            ProtocolError: The body is no proposal, or holds no key.
            SessionSetupInvalid: The mode, or the key's kind, is none that is done here.
            SessionFailed: The key that the client names is not there.
            RsaKeyNeeded: The client wants to encrypt to the server's key, and there is none.

        """
        request = decode_session_request(message.body)
        cipher, key, data = await self._agree(request)
        claimed = None
        if request.identity_handle:
            claimed = Identity(request.identity_handle, request.identity_index)
        own = bool(envelope.session_id) and connection.stream and is_id_pointer(envelope)
        number = envelope.session_id if own else self._sessions.free_number()
        session = Session(number, cipher, key, claimed, request.timeout)
        if own:
            self._sessions.start(session)
            connection.whole.own_session = session
        else:
            self._sessions.add(session, connection.source)
        return self._responses.success(
            message,
            replace(envelope, session_id=number),
            connection,
            encode_session_answer(SessionAnswer(request.mode, data)),
            events.OTHER,
            b"",
        )

    async def _agree(self, request: SessionRequest) -> tuple[int, bytes, bytes]:
        """Return cipher, key (empty if it is still to come) and what the answer carries."""
        if request.mode == KeyExchange.DIFFIE_HELLMAN:
            peer = decode_public_key(request.public_key)
            if not isinstance(peer, DhPublicKey) or peer.p.bit_length() > _DH_BITS_MAX:
                raise SessionSetupInvalid("Mode 4 takes a Diffie-Hellman key of at most 4096 bits")
            key, half = await self._offload.run(_agree_on_key, peer)
            return SessionCipher.AES, key, encode_key_data(SessionCipher.AES, half)
        if request.mode == KeyExchange.CLIENT_CIPHER:
            return await self._sent_to(decode_public_key(request.public_key))
        if request.mode == KeyExchange.HANDLE_CIPHER:
            named = request.exchange_handle, request.exchange_index
            key_data = await fetched(partial(self._public_key, *named))
            return await self._sent_to(decode_public_key(key_data))
        if request.mode == KeyExchange.SERVER_CIPHER:
            own = self._responses.signing_key
            if not isinstance(own, RSAPrivateKey):
                raise RsaKeyNeeded("This server has no RSA key")
            return SessionCipher.AES, b"", encode_public_key(own.public_key())
        raise SessionSetupInvalid(f"Key exchange mode {request.mode} is not known")

    async def _sent_to(self, peer: PublicKey) -> tuple[int, bytes, bytes]:
        """Return a fresh key, and that key encrypted to the peer."""
        key = secrets.token_bytes(KEY_BYTES)
        if isinstance(peer, RSAPublicKey):
            data = peer.encrypt(encode_key_data(SessionCipher.AES, key), padding.PKCS1v15())
            return SessionCipher.AES, key, data
        if isinstance(peer, sm2.Sm2PublicKey):
            plain = encode_key_data(SessionCipher.SM4, key)
            nonce = secrets.randbelow(sm2.ORDER - 1) + 1
            data = await self._offload.run(sm2_private.encrypt, peer, plain, nonce)
            return SessionCipher.SM4, key, data
        raise SessionSetupInvalid("A session key is encrypted to an RSA or SM2 key")

    def _public_key(self, handle: bytes, index: int) -> bytes:
        stored = self._register.lookup(names.complete(handle)) if handle else None
        if stored is not None:
            packed = stored.values
            for span in spans(packed):
                if index in {0, span.index} and span.type.upper() == _KEY_TYPE:
                    return data_of(packed, span)
        raise SessionFailed("The exchange key is not there")

    async def _take_key(
        self, message: Message, envelope: Envelope, connection: Connection
    ) -> Reply:
        """Answer op 402: the session's key, encrypted to the server's.

        Raises:
            ProtocolError: The body holds none.
            SessionUnknown: No session waits for a key.
            RsaKeyNeeded: The server has no RSA key any more.

        """
        session = connection.session
        encrypted = decode_key_exchange(message.body)
        if session is None or session.key:
            raise SessionUnknown("No session waits for its key")
        own = self._responses.signing_key
        if not isinstance(own, RSAPrivateKey):
            raise RsaKeyNeeded("This server has no RSA key")
        cipher, key = await self._offload.run(_open_key, own, encrypted)
        if session.key:
            raise SessionUnknown("No session waits for its key")
        session.cipher, session.key = cipher, key
        return self._responses.success(message, envelope, connection, b"", events.OTHER, b"")

    def _terminate(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> None:
        """Answer op 401, and forget the session.

        Raises:
            SessionUnknown: The message names none.
            InvalidCredential: Whoever sent it may not have the session's key.

        """
        session = connection.session
        if session is None:
            raise SessionUnknown("There is no such session")
        if session.identity is not None and not connection.keyed:
            raise InvalidCredential("The session's messages carry its code")
        reply(self._responses.success(message, envelope, connection, b"", events.OTHER, b""))
        if connection.whole.own_session is session:
            connection.whole.own_session = None
        self._sessions.end(session)


def _agree_on_key(peer: DhPublicKey) -> tuple[bytes, bytes]:
    """Return the agreed key, and the server's half in the form of a key.

    Raises:
        SessionSetupInvalid: The numbers agree on nothing secret.

    """
    private = secrets.randbits(_DH_EXPONENT_BITS) | 1 << (_DH_EXPONENT_BITS - 1)
    if peer.p.bit_length() <= _DH_EXPONENT_BITS:
        private %= peer.p - 1
    key = agreed_key(peer, private)
    if len(key) < KEY_BYTES:
        raise SessionSetupInvalid("The Diffie-Hellman numbers agree on nothing secret")
    try:
        half = DhPublicKey(pow(peer.g, private, peer.p), peer.p, peer.g)
    except ProtocolError as error:
        raise SessionSetupInvalid("The Diffie-Hellman numbers are out of range") from error
    return key, encode_public_key(half)


def _open_key(own: RSAPrivateKey, encrypted: bytes) -> tuple[int, bytes]:
    """Return cipher and key that a client sent; a key that nobody knows if nothing can be opened."""
    unknown = SessionCipher.AES, secrets.token_bytes(KEY_BYTES)
    try:
        plain = own.decrypt(encrypted, padding.PKCS1v15())
    except ValueError:
        return unknown
    if len(plain) == KEY_BYTES:
        return SessionCipher.AES, plain
    if len(plain) != KEY_BYTES + 4:
        return unknown
    cipher, key = decode_key_data(plain)
    return (cipher, key) if cipher in {SessionCipher.AES, SessionCipher.SM4} else unknown
