"""Whoever cheats in a session gets the observed code, and nothing is changed or kept for long.

Sessions that are dead or somebody else's, codes that are forged, counters that go back, proposals that cannot be
done, and sessions that are opened by the thousand and left alone.
"""

import secrets

import pytest

from idnode.clients.identity import SecretIdentity
from idnode.clients.session import ClientSession, dh_half
from idnode.node.service.handle.sessions import Session as ServedSession
from idnode.node.service.handle.sessions import SessionLimits, Sessions
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.types.hs_pubkey import decode_public_key
from idnode.registry.handle.values import EMPTY
from idnode.registry.handle.wire.administration import encode_handle, encode_record
from idnode.registry.handle.wire.challenge import decode_challenge
from idnode.registry.handle.wire.constants import EnvelopeFlag
from idnode.registry.handle.wire.login import Login, encode_login
from idnode.registry.handle.wire.message import decode_message
from idnode.registry.handle.wire.session_setup import (
    SessionRequest,
    decode_session_answer,
    encode_key_exchange,
    encode_session_request,
)

CREATE, DELETE, LIST, ANSWER, VERIFY, SETUP, TERMINATE, EXCHANGE = (
    *(100, 101, 105, 200),
    *(201, 400, 401, 402),
)
BODY = encode_record(b"88.900.1/new", EMPTY)
ADMIN = SecretIdentity(b"0.NA/88.900.1", 301, b"idnode-demo")


def is_unchanged(service):
    return service.register.lookup(b"88.900.1/new") is None


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_proven_session_asks_on_without_challenges(service, proven, encrypted):
    session = await proven(encrypted=encrypted)
    assert (await session.ask(CREATE, BODY)).response_code == 1
    certified = await session.ask(LIST, encode_handle(b"0.NA/88.900.1"), flags=0x59000000)
    assert certified.response_code == 1
    assert b"HS_MAC" in certified.credential


async def test_forged_codes_repeated_counters_and_none_at_all_have_their_codes(
    service, proven, talk
):
    session = await proven()

    def flip(at):
        return lambda sealed: sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]

    for at in (-1, -32, 30):
        assert (await session.ask(CREATE, BODY, change=flip(at))).response_code == 502
    assert (await session.ask(CREATE, BODY, change=flip(-40))).response_code == 404
    counter = session.session.counter
    session.session.counter = counter - 3
    assert (await session.ask(DELETE, encode_handle(b"88.900.1/x"))).response_code == 100
    session.session.counter = counter - 3
    assert (await session.ask(CREATE, BODY)).response_code == 505
    session.session.counter = -3
    assert (await session.ask(CREATE, BODY)).response_code == 505
    session.session.counter = counter + 1000
    assert (await session.ask(DELETE, encode_handle(b"88.900.1/x"))).response_code == 100
    session.session.counter = counter + 100
    assert (await session.ask(CREATE, BODY)).response_code == 505
    _, bare = await talk.ask(CREATE, BODY, session_id=session.session.number)
    assert bare.response_code == 404
    assert is_unchanged(service)


async def test_a_session_that_nobody_used_in_time_is_dead(service, proven, clock):
    session = await proven(seconds=100)
    clock.at += 99
    assert (await session.ask(DELETE, encode_handle(b"88.900.1/x"))).response_code == 100
    clock.at += 101
    assert (await session.ask(CREATE, BODY)).response_code == 500
    assert len(service.sessions) == 0


async def test_only_its_owner_ends_a_session(proven, talk):
    session = await proven()
    _, message = await talk.ask(TERMINATE, encode_handle(b"/"), session_id=session.session.number)
    assert message.response_code == 404
    assert (await session.ask(TERMINATE, encode_handle(b"/"))).response_code == 1
    assert (await session.ask(CREATE, BODY)).response_code == 500


async def test_a_stranger_cannot_prove_himself_into_somebodys_session(
    service, keyed, prove, talk, challenged
):
    session = await keyed()
    envelope, challenge = await challenged(session_id=session.session.number)
    me = SecretIdentity(b"0.NA/88.900", 301, b"idnode-demo")
    answer = me.answer(challenge, (2, 11))
    _, message = await talk.ask(ANSWER, answer, session_id=envelope.session_id)
    assert message.response_code == 1
    (served,) = service.sessions._sessions.values()
    assert served.identity is None


async def test_garbage_in_a_session_does_not_decrypt(keyed, talk, wire):
    session = await keyed(encrypted=True)
    for data in (b"", b"x" * 15, b"x" * 64, secrets.token_bytes(1024)):
        envelope = wire.envelope(len(data), flags=EnvelopeFlag.ENCRYPTED)
        envelope.session_id = session.session.number
        ((_, found),) = await talk.bring(envelope, data)
        assert decode_message(found).response_code in {4, 502}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 4),
        (b"\0\4\0\0\0\1", 4),
        (encode_session_request(SessionRequest(0, 60)), 504),
        (encode_session_request(SessionRequest(9, 60)), 504),
        (encode_session_request(SessionRequest(4, 60, public_key=b"x")), 4),
        (encode_session_request(SessionRequest(4, 60, public_key=b"\0\0\0\x0bDSA_PUB_KEY\0\0")), 4),
        (encode_session_request(SessionRequest(3, 60, exchange_handle=b"88.900.1/no")), 501),
        (encode_session_request(SessionRequest(2, 60)), 503),
    ],
)
async def test_proposals_that_cannot_be_done_have_their_codes(service, talk, body, code):
    _, message = await talk.ask(SETUP, body)
    assert message.response_code == code
    assert len(service.sessions) == 0


async def test_weak_and_oversized_groups_are_refused(talk):
    def tagged(*numbers):
        from idnode.registry.handle.wire.cursor import Writer

        writer = Writer().string(b"DH_PUB_KEY").u2(0)
        for number in numbers:
            writer.string(number.to_bytes(number.bit_length() // 8 + 1, "big"))
        return writer.done()

    large = (1 << 8000) | 1
    for key in (tagged(1, dh_half(3).p, 2), tagged(5, 23, 5), tagged(5, large, 2)):
        request = SessionRequest(4, 60, public_key=key)
        _, message = await talk.ask(SETUP, encode_session_request(request))
        assert message.response_code in {4, 504}


async def test_the_servers_key_opens_what_clients_send_and_tells_nothing_otherwise(
    service, talk, behind
):
    from cryptography.hazmat.primitives.asymmetric import padding

    service.responses.signing_key = service.site.signing_key
    _, message = await talk.ask(SETUP, encode_session_request(SessionRequest(2, 60)))
    answer = decode_session_answer(message.body)
    public = decode_public_key(answer.data)
    key = b"k" * 16
    encrypted = public.encrypt(b"\0\0\0\x03" + key, padding.PKCS1v15())
    for sent, code in [(encrypted, 1), (b"x" * 256, 1), (b"x", 1)]:
        envelope, message = await talk.ask(SETUP, encode_session_request(SessionRequest(2, 60)))
        number = envelope.session_id
        _, message = await talk.ask(EXCHANGE, encode_key_exchange(sent), session_id=number)
        assert message.response_code == code
        found = behind(talk, ClientSession(number, key))
        message = await found.ask(2, b"\0\0\0\x01/")
        assert message.response_code == (1 if sent is encrypted else 502)
        _, message = await talk.ask(EXCHANGE, encode_key_exchange(sent), session_id=number)
        assert message.response_code == 500


async def test_sessions_opened_and_left_alone_are_bounded_and_the_proven_stay(clock):
    sessions = Sessions(clock, SessionLimits(of_source=20, in_all=60))
    proven = ServedSession(sessions.free_number(), 3, b"k" * 16, None, 60)
    sessions.add(proven, "192.0.2.1")
    sessions.prove(proven, object())
    for number in range(5000):
        fresh = ServedSession(sessions.free_number(), 3, b"k" * 16, None, 60)
        sessions.add(fresh, f"192.0.2.{number % 9}")
        assert sessions.find(fresh.number) is fresh
        assert len(sessions) <= 60
    assert sessions.find(proven.number) is proven
    for each in list(sessions._sessions.values()):
        sessions.end(each)
    assert not sessions._of_source
    assert not sessions._unproven
    assert not sessions._proven


async def test_id_pointer_numbers_its_sessions_alike_on_every_connection(
    service, another_talk, put, packed
):
    id_pointer = {"version": (2, 10), "suggested": (2, 11), "session_id": 10001}
    admin = encode_admin(AdminValue(Right.ALL, ADMIN.handle, ADMIN.index))
    owned = encode_record(b"88.900.1/new", packed((100, b"HS_ADMIN", admin)))
    await put(b"88.900.1/other", (100, b"HS_ADMIN", b""), (301, b"HS_SECKEY", b"other", 0x0C))
    other = SecretIdentity(b"88.900.1/other", 301, b"other")
    talks = {identity: another_talk() for identity in (ADMIN, other)}
    challenges = {}
    for identity, talk in talks.items():
        assert (await talk.ask(2, b"\0\0\0\x01/", **id_pointer))[1].response_code == 1
        login = encode_login(Login(identity.handle, 301))
        envelope, message = await talk.ask(2001, login, 0x10800000, **id_pointer)
        assert (envelope.session_id, message.response_code) == (10001, 402)
        challenges[identity] = decode_challenge(message.body, message.op_flags)
    for identity, talk in talks.items():
        answer = identity.answer(challenges[identity], (2, 10))
        envelope, message = await talk.ask(ANSWER, answer, 0x10800000, **id_pointer)
        assert (message.op_code, message.response_code) == (2001, 1)
    codes = [
        (await talk.ask(CREATE, owned, **id_pointer))[1].response_code for talk in talks.values()
    ]
    assert codes == [1, 101]
    body = encode_handle(b"88.900.1/new")
    codes = [
        (await talk.ask(DELETE, body, **id_pointer))[1].response_code
        for talk in reversed(talks.values())
    ]
    assert codes == [400, 1]
