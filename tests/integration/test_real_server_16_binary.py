"""Odd administration over the binary protocol is answered with the codes that clients of the reference server know.

Promises: in a creation an index that is not positive (one above 2147483647 is negative in 32 bits) is 202, and two values
under one index are 201, both told before whether the handle exists, as the reference server does. Additions and
modifications keep the same rule here. Nothing to add is nothing to do (1) once somebody has proven who is there. Each
leaves the record as it was. The final answer to a challenge carries the digest of the request that was challenged, not of
the proof.
"""

import asyncio

import pytest

from idnode.clients import blocking
from idnode.clients import dialogues as talk
from idnode.clients.identity import SecretIdentity
from idnode.clients.request import Ask
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.fetching import fetched
from idnode.registry.handle import values
from idnode.registry.handle.wire.administration import encode_record
from idnode.registry.handle.wire.challenge import decode_challenge
from idnode.registry.handle.wire.constants import OpCode, OpFlag, ResponseCode
from idnode.registry.handle.wire.digest import digest_of, split_digest
from idnode.registry.handle.wire.versions import digest_algorithm

ADMIN = SecretIdentity(b"0.NA/88.900", 301, b"idnode-demo")
HANDLE = b"88.900.1/odd-16"
DONE, CONFLICT, INVALID = (
    ResponseCode.SUCCESS,
    ResponseCode.VALUE_EXISTS,
    ResponseCode.INVALID_VALUE,
)


def listed(*indexes):
    return values.join([values.pack_value(index, b"URL", b"x", timestamp=0) for index in indexes])


@pytest.fixture
async def do(node):
    """Return a function that carries a dialogue out, on a node with HANDLE and one value in it."""
    await node.services.registrar.create(Identity(b"0.NA/88.900", 301), HANDLE, listed(1))
    client = blocking.Client(node.addresses.handle_tcp)
    yield lambda dialogue: asyncio.to_thread(client.do, dialogue)
    client.close()


@pytest.mark.parametrize(
    ("operation", "indexes", "code"),
    [
        (OpCode.CREATE_HANDLE, (7, 7), CONFLICT),
        (OpCode.CREATE_HANDLE, (0,), INVALID),
        (OpCode.CREATE_HANDLE, (-1,), INVALID),
        (OpCode.CREATE_HANDLE, (7,), ResponseCode.HANDLE_EXISTS),
        (OpCode.ADD_VALUES, (), DONE),
        (OpCode.MODIFY_VALUES, (), DONE),
        (OpCode.ADD_VALUES, (7, 7), CONFLICT),
        (OpCode.MODIFY_VALUES, (1, 1), CONFLICT),
        (OpCode.ADD_VALUES, (-(2**31),), INVALID),
        (OpCode.ADD_VALUES, (-1,), INVALID),
        (OpCode.MODIFY_VALUES, (-(2**31),), INVALID),
        (OpCode.ADD_VALUES, (0,), INVALID),
    ],
)
async def test_c16_codes_of_odd_values(node, do, operation, indexes, code):
    before = await fetched(lambda: node.register.lookup(HANDLE))
    ask = Ask(operation, encode_record(HANDLE, listed(*indexes)))
    reply = await do(talk.prove(talk.Administrator(ADMIN), ask))
    assert reply.messages[0].response_code == code
    after = await fetched(lambda: node.register.lookup(HANDLE))
    assert after.values == before.values


async def test_c16_the_digest_is_of_the_challenged_request(do):
    def dialogue():
        challenged = yield Ask(OpCode.ADD_VALUES, encode_record(HANDLE, listed(2)))
        message = challenged.messages[0]
        challenge = decode_challenge(message.body, message.op_flags)
        version = talk.version_of(challenged.envelope)
        body = ADMIN.answer(challenge, version)
        answered = yield Ask(
            OpCode.CHALLENGE_ANSWER,
            body,
            OpFlag.REQUEST_DIGEST,
            challenged.envelope.session_id,
        )
        return challenged, answered, version

    challenged, answered, version = await do(dialogue())
    (message,) = answered.messages
    assert message.response_code == DONE
    digest, _ = split_digest(message.body, message.op_flags)
    assert digest == digest_of(challenged.request, digest_algorithm(version))
    assert digest != digest_of(answered.request, digest_algorithm(version))
