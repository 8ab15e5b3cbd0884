"""Puts around finished answers what belongs there: a signature, a session's code, a session's cipher.

A client that asks for certified answers gets them signed with the key of the site record or, within a
session, authenticated with the session's key; only what sets the session up is always signed
(handle-protocol.md §4 and §7). Signing takes a millisecond, so it is done in another thread; the answers to
one request keep their order. Within a session, an answer is encrypted if its request was, if the request asks
for it, and if it shows what not everybody may read.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import NodeBusy
from idnode.registry.handle.proofs.session_cipher import encrypt
from idnode.registry.handle.proofs.signatures import sign_message
from idnode.registry.handle.wire.constants import (
    CREDENTIAL_NONE,
    ENVELOPE_BYTES,
    EnvelopeFlag,
    OpCode,
    OpFlag,
)
from idnode.registry.handle.wire.credential import MAC, MessageCredential, encode_credential
from idnode.registry.handle.wire.envelope import decode_envelope
from idnode.registry.handle.wire.versions import message_mac, version_of

if TYPE_CHECKING:
    from idnode.node.service.handle.connection import Connection
    from idnode.node.service.handle.response import Reply, ReplyTo, Responses
    from idnode.node.service.handle.sessions import Session
    from idnode.node.service.offload import Offload
    from idnode.registry.handle.proofs.signatures import SigningKey
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message

_CERTIFY: Final = OpFlag.CERTIFY
_VECTOR_BYTES: Final = 16
_SIGNED_ALWAYS: Final = (OpCode.SESSION_SETUP, OpCode.SESSION_KEY_EXCHANGE)


class Sealing:
    """Puts the seals of this node on answers."""

    def __init__(self, responses: Responses, offload: Offload) -> None:
        self._responses = responses
        self._offload = offload
        self._under_way: set[asyncio.Task[None]] = set()

    def certified(
        self, message: Message, envelope: Envelope, connection: Connection, reply: ReplyTo
    ) -> ReplyTo:
        """Return a ``reply`` that signs with the site's key; unchanged while there is none."""
        key = self._responses.signing_key
        if key is None:
            return reply
        last: asyncio.Task[None] | None = None

        def sign(answer: Reply) -> None:
            nonlocal last
            work = self._sign(last, key, answer, message, envelope, connection, reply)
            last = asyncio.ensure_future(work)
            self._under_way.add(last)
            last.add_done_callback(self._under_way.discard)

        return sign

    async def _sign(  # noqa: PLR0913, PLR0917  # the parts of one request, passed through once
        self,
        former: asyncio.Task[None] | None,
        key: SigningKey,
        answer: Reply,
        message: Message,
        envelope: Envelope,
        connection: Connection,
        reply: ReplyTo,
    ) -> None:
        if former is not None:
            await former
        try:
            answer.wire = await self._offload.run(_signed, key, answer.wire)
        except NodeBusy as error:
            answer = self._responses.failure(error, envelope, connection, message)
        reply(answer)

    @staticmethod
    def keyed(session: Session | None, message: Message) -> bool:
        """Return whether certified answers to this message carry the session's code, and no signature."""
        return session is not None and bool(session.key) and message.op_code not in _SIGNED_ALWAYS

    @staticmethod
    def within(session: Session, message: Message, reply: ReplyTo, *, encrypted: bool) -> ReplyTo:
        """Return a ``reply`` that does what the session, and the request's flags, ask for."""
        certify = bool(message.op_flags & _CERTIFY) and Sealing.keyed(session, message)
        conceal = encrypted or bool(message.op_flags & OpFlag.ENCRYPT)
        if not certify and not conceal and message.op_code != OpCode.RESOLUTION:
            return reply

        def seal(answer: Reply) -> None:
            if certify:
                answer.wire = _authenticated(session, answer.wire)
            if session.key and (conceal or answer.private):
                answer.wire = _encrypted(session, answer.wire)
            reply(answer)

        return seal


def _signed(key: SigningKey, wire: bytes) -> bytes:
    envelope = decode_envelope(wire)
    signed = wire[ENVELOPE_BYTES : -len(CREDENTIAL_NONE)]
    return _with_credential(envelope, signed, sign_message(key, envelope, signed))


def _authenticated(session: Session, wire: bytes) -> bytes:
    envelope = decode_envelope(wire)
    signed = wire[ENVELOPE_BYTES : -len(CREDENTIAL_NONE)]
    counter = session.next_counter()
    algorithm, code = message_mac(envelope, signed, counter, session.key)
    return _with_credential(envelope, signed, MessageCredential(MAC, algorithm, code, counter))


def _with_credential(envelope: Envelope, signed: bytes, credential: MessageCredential) -> bytes:
    section = encode_credential(credential)
    envelope.message_length = len(signed) + 4 + len(section)
    return b"".join((envelope.encode(), signed, len(section).to_bytes(4, "big"), section))


def _encrypted(session: Session, wire: bytes) -> bytes:
    envelope = decode_envelope(wire)
    data = encrypt(
        wire[ENVELOPE_BYTES:],
        session.key,
        session.cipher,
        version_of(envelope),
        secrets.token_bytes(_VECTOR_BYTES),
    )
    envelope.flags |= EnvelopeFlag.ENCRYPTED
    envelope.message_length = len(data)
    return envelope.encode() + data
