"""Dialogues with the service: challenges to answer, sessions to set up."""

import pytest

from idnode.clients.identity import SecretIdentity
from idnode.clients.session import ClientSession, dh_half, dh_private
from idnode.registry.handle.proofs.session_cipher import agreed_key
from idnode.registry.handle.types.hs_pubkey import decode_public_key, encode_public_key
from idnode.registry.handle.values import EMPTY
from idnode.registry.handle.wire.administration import encode_record
from idnode.registry.handle.wire.challenge import decode_challenge
from idnode.registry.handle.wire.constants import EnvelopeFlag, KeyExchange
from idnode.registry.handle.wire.digest import split_digest
from idnode.registry.handle.wire.message import decode_message
from idnode.registry.handle.wire.session_setup import (
    SessionRequest,
    decode_key_data,
    decode_session_answer,
    encode_session_request,
)
from idnode.registry.handle.wire.versions import version_of

CREATE, DELETE, LIST, ANSWER, VERIFY, SETUP, TERMINATE, EXCHANGE = (
    *(100, 101, 105, 200),
    *(201, 400, 401, 402),
)
BODY = encode_record(b"88.900.1/new", EMPTY)
ADMIN = SecretIdentity(b"0.NA/88.900.1", 301, b"idnode-demo")


@pytest.fixture
def challenged(talk):
    """Return a function that asks and returns (envelope, challenge) of the 402."""

    async def challenged(op_code=CREATE, body=BODY, by=talk, **fields):
        envelope, message = await by.ask(op_code, body, **fields)
        assert message.response_code == 402
        return envelope, decode_challenge(message.body, message.op_flags)

    return challenged


@pytest.fixture
def prove(talk, challenged):
    """Return a function that asks as somebody and returns the final answer's code."""

    async def prove(identity, op_code=CREATE, body=BODY, **fields):
        envelope, challenge = await challenged(op_code, body, **fields)
        answer = identity.answer(challenge, version_of(envelope))
        _, message = await talk.ask(ANSWER, answer, session_id=envelope.session_id, **fields)
        return message.response_code

    return prove


class Keyed:
    """A session as a client keeps it, over a talk."""

    def __init__(self, talk, session):
        self.talk = talk
        self.session = session

    async def ask(self, op_code, body=b"", *, change=lambda sealed: sealed, flags=0x19000000):
        data = self.talk.message(op_code, body, flags)
        envelope = self.talk.envelope(len(data), self.session.number)
        envelope.flags, sealed = self.session.seal(envelope, data)
        ((answered, found),) = await self.talk.bring(envelope, change(sealed))
        if answered.flags & EnvelopeFlag.ENCRYPTED:
            found = self.session.open(answered, found)
        return decode_message(found)


@pytest.fixture
def talk(talk, wire):
    talk.message = wire.message

    def envelope(length, number):
        made = wire.envelope(length)
        made.session_id = number
        return made

    talk.envelope = envelope
    return talk


@pytest.fixture
def keyed(talk):
    """Return a function that sets a session up."""

    async def keyed(identity=ADMIN, *, encrypted=False, seconds=3600):
        private = dh_private()
        half = encode_public_key(dh_half(private))
        request = SessionRequest(
            KeyExchange.DIFFIE_HELLMAN, seconds, identity.handle, identity.index, half
        )
        envelope, message = await talk.ask(SETUP, encode_session_request(request), 0x59800000)
        assert message.response_code == 1
        answer = decode_session_answer(split_digest(message.body, message.op_flags)[1])
        cipher, data = decode_key_data(answer.data)
        key = agreed_key(decode_public_key(data), private)
        return Keyed(talk, ClientSession(envelope.session_id, key, cipher, encrypted))

    return keyed


@pytest.fixture
def behind():
    """Return a function that makes a session of a talk and what is known of the session."""
    return Keyed


@pytest.fixture
def proven(keyed):
    """Return a function that sets a session up and proves its identity."""

    async def proven(identity=ADMIN, **options):
        made = await keyed(identity, **options)
        message = await made.ask(CREATE, encode_record(b"88.900.1/first", EMPTY))
        assert message.response_code == 402
        challenge = decode_challenge(message.body, message.op_flags)
        answer = await made.ask(ANSWER, identity.answer(challenge, (2, 11)))
        assert answer.response_code == 1
        return made

    return proven
