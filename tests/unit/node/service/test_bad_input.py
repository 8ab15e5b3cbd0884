"""Whoever cheats in a dialogue is told the observed code, and nothing is changed or kept for long.

Wrong keys and unknown identities, challenges that are old, used or somebody else's, sessions that are dead, whose
codes are forged, whose counters go back; groups that contain themselves or ten thousand members; lengths that
lie; and challenges and sessions that are opened by the thousand and left alone.
"""

import secrets

import pytest

from clients.identity import KeyIdentity, SecretIdentity
from clients.session import Session, dh_half, dh_private
from node.protocol.admin_value import AdminValue, encode_admin
from node.protocol.administration import encode_handle, encode_record
from node.protocol.challenge import (
    Answer,
    Verification,
    decode_challenge,
    decode_verdict,
    encode_answer,
    encode_verification,
)
from node.protocol.constants import EnvelopeFlag, KeyExchange
from node.protocol.digest import split_digest
from node.protocol.keys import decode_public_key, encode_public_key
from node.protocol.login import Login, encode_login
from node.protocol.message import decode_message
from node.protocol.session_cipher import agreed_key
from node.protocol.session_setup import (
    SessionRequest,
    decode_key_data,
    decode_session_answer,
    encode_key_exchange,
    encode_session_request,
)
from node.protocol.signatures import encode_proof, sign
from node.protocol.versions import version_of
from node.protocol.vlist import Member, encode_vlist
from node.service.challenges import CHALLENGE_SECONDS, ChallengeLimits, Challenges
from node.service.sessions import Session as ServedSession
from node.service.sessions import SessionLimits, Sessions
from registry.values import EMPTY

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


def is_unchanged(service):
    return service.register.lookup(b"88.900.1/new") is None


@pytest.mark.parametrize("version", [(2, 0), (2, 1), (2, 6), (2, 7), (2, 10), (2, 11)])
async def test_secrets_prove_in_the_form_of_each_version(service, prove, version):
    fields = {"version": version, "suggested": version}
    wrong = SecretIdentity(ADMIN.handle, 301, b"idnode-demi")
    assert await prove(wrong, **fields) == 403
    assert is_unchanged(service)
    assert await prove(ADMIN, **fields) == 1


async def test_who_is_unknown_or_no_administrator_is_told_so_whatever_the_proof(service, prove):
    assert await prove(SecretIdentity(b"88.900.1/nobody", 301, b"x")) == 400
    assert await prove(SecretIdentity(ADMIN.handle, 77, b"x")) == 400
    assert await prove(SecretIdentity(b"x" * 2000, 301, b"x")) == 400
    assert is_unchanged(service)


async def test_index_0_is_any_key_of_the_identity(service, prove):
    assert await prove(SecretIdentity(ADMIN.handle, 0, b"wrong")) == 403
    assert is_unchanged(service)
    assert await prove(SecretIdentity(ADMIN.handle, 0, b"idnode-demo")) == 1


async def test_a_key_of_the_wrong_kind_or_hash_proves_nothing(service, talk, challenged):
    key = service.foundation.signing_key
    for kind, proof in [
        (b"HS_PUBKEY", lambda data: encode_proof("SM3", sign(key, "SHA-256", data))),
        (b"HS_PUBKEY", lambda data: encode_proof("SHA512", sign(key, "SHA-256", data))),
        (b"HS_PUBKEY", lambda data: encode_proof("SHA-256", sign(key, "SHA1", data))),
        (b"HS_PUBKEY", lambda data: b"\0\0\0\x07SHA-256\x7f\xff\xff\xff"),
        (b"HS_SECKEY", lambda data: encode_proof("SHA-256", sign(key, "SHA-256", data))),
        (b"HS_SECKEY", lambda data: b"\x22\0\0\0\0\x7f\xff\xff\xff\0\0\0\xa0\0\0\0\0"),
        (b"HS_SECKEY", lambda data: b""),
        (b"HS_OTHER", lambda data: b"x"),
    ]:
        envelope, challenge = await challenged()
        index = 300 if kind == b"HS_PUBKEY" else 301
        body = encode_answer(Answer(kind, b"0.NA/88.900", index, proof(challenge.proven)))
        _, message = await talk.ask(ANSWER, body, session_id=envelope.session_id)
        assert message.response_code == 403
    assert is_unchanged(service)


async def test_a_challenge_is_good_once_and_for_a_minute(service, talk, challenged, clock):
    for wait, codes in [(0, [1, 405]), (CHALLENGE_SECONDS + 1, [405, 405])]:
        envelope, challenge = await challenged(
            DELETE if wait else CREATE, encode_handle(b"88.900.1/new") if wait else BODY
        )
        answer = ADMIN.answer(challenge, version_of(envelope))
        clock.at += wait
        for code in codes:
            _, message = await talk.ask(ANSWER, answer, session_id=envelope.session_id)
            assert message.response_code == code
    assert not is_unchanged(service)
    assert len(service.challenges) == 0


async def test_a_proof_for_another_challenge_proves_nothing(service, talk, challenged):
    envelope, challenge = await challenged(DELETE, encode_handle(b"88.900.1/hello"))
    answer = ADMIN.answer(challenge, version_of(envelope))
    other, _ = await challenged()
    _, message = await talk.ask(ANSWER, answer, session_id=other.session_id)
    assert message.response_code == 403
    assert is_unchanged(service)


async def test_an_answer_to_no_challenge_is_too_late(talk):
    answer = encode_answer(Answer(b"HS_SECKEY", b"0.NA/88.900", 301, b"x"))
    for number in (0, 1, 0xFFFFFFFF):
        _, message = await talk.ask(ANSWER, answer, session_id=number)
        assert message.response_code == 405


async def test_any_connection_may_bring_the_answer(service, another_talk, challenged):
    envelope, challenge = await challenged()
    answer = ADMIN.answer(challenge, version_of(envelope))
    elsewhere = another_talk(peer=("198.51.100.7", 1))
    _, message = await elsewhere.ask(ANSWER, answer, session_id=envelope.session_id)
    assert message.response_code == 1
    assert message.op_code == CREATE


async def test_a_verified_proof_is_told_apart_from_any_other(talk, challenged):
    envelope, challenge = await challenged()
    for identity, verdict in [(ADMIN, True), (SecretIdentity(ADMIN.handle, 301, b"no"), False)]:
        from node.protocol.challenge import decode_answer

        answer = decode_answer(identity.answer(challenge, version_of(envelope)))
        asked = Verification(
            answer.handle, answer.index, challenge.nonce, challenge.digest, answer.proof
        )
        _, message = await talk.ask(VERIFY, encode_verification(asked))
        assert message.response_code == 1
        assert decode_verdict(message.body) is verdict


async def test_challenges_left_alone_are_bounded_by_number_and_bytes_and_time(service, clock, wire):
    limits = ChallengeLimits(of_source=10, source_bytes=50_000, in_all=25, bytes_in_all=100_000)
    challenges = Challenges(clock, limits)
    data = wire.message(CREATE, bytes(200))
    large = wire.message(CREATE, bytes(20_000))
    from node.service.connection import Connection

    for number in range(2000):
        connection = Connection((f"192.0.2.{number % 7}", 1), stream=True)
        message = decode_message(large if number % 50 == 0 else data)
        challenges.issue(message, wire.envelope(len(data)), connection, (2, 11))
        assert len(challenges) <= 25
        assert challenges._bytes <= 100_000
    clock.at += CHALLENGE_SECONDS + 1
    challenges.issue(decode_message(data), wire.envelope(len(data)), connection, (2, 11))
    assert len(challenges) == 1


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
        return Keyed(talk, Session(envelope.session_id, key, cipher, encrypted))

    return keyed


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
        from node.protocol.cursor import Writer

        writer = Writer().string(b"DH_PUB_KEY").u2(0)
        for number in numbers:
            writer.string(number.to_bytes(number.bit_length() // 8 + 1, "big"))
        return writer.done()

    large = (1 << 8000) | 1
    for key in (tagged(1, dh_half(3).p, 2), tagged(5, 23, 5), tagged(5, large, 2)):
        request = SessionRequest(4, 60, public_key=key)
        _, message = await talk.ask(SETUP, encode_session_request(request))
        assert message.response_code in {4, 504}


async def test_the_servers_key_opens_what_clients_send_and_tells_nothing_otherwise(service, talk):
    from cryptography.hazmat.primitives.asymmetric import padding

    service.responses.signing_key = service.foundation.signing_key
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
        found = Keyed(talk, Session(number, key))
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


async def test_groups_in_loops_and_of_ten_thousand_members_come_to_an_end(service, prove, put):
    loop = [Member(b"88.900.1/group", 200), Member(b"0.NA/88.900.2", 200)]
    crowd = [Member(b"88.900.1/member-%d" % number, 301) for number in range(10_000)]
    rights = encode_admin(AdminValue(0xFFF, b"0.NA/88.900.2", 200))
    await put(b"0.NA/88.900.2", (100, b"HS_ADMIN", rights), (200, b"HS_VLIST", encode_vlist(loop)))
    await put(b"88.900.1/group", (200, b"HS_VLIST", encode_vlist([*loop, *crowd[:3000]])))
    body = encode_record(b"88.900.2/new", EMPTY)
    for handle in (b"88.900.1/nobody", b"88.900.1/member-9999"):
        assert await prove(SecretIdentity(handle, 301, b"x"), CREATE, body) == 400
    await put(b"88.900.1/member-17", (301, b"HS_SECKEY", b"seventeen", 0x0C))
    assert await prove(SecretIdentity(b"88.900.1/member-17", 301, b"seventeen"), CREATE, body) == 1


async def test_a_change_of_a_group_counts_at_once(service, prove, put):
    rights = encode_admin(AdminValue(0xFFF, b"0.NA/88.900.2", 200))

    async def admit(*members):
        listed = encode_vlist(members)
        await put(
            b"0.NA/88.900.2",
            (100, b"HS_ADMIN", rights),
            (200, b"HS_VLIST", listed),
            (301, b"HS_SECKEY", b"x", 0x0C),
        )

    somebody = SecretIdentity(b"0.NA/88.900.2", 301, b"x")
    for number, members in enumerate(
        [(Member(somebody.handle, 301),), (), (Member(somebody.handle, 0),)]
    ):
        await admit(*members)
        body = encode_record(b"88.900.2/%d" % number, EMPTY)
        assert await prove(somebody, CREATE, body) == (1 if members else 400)


async def test_logins_belong_to_their_connection_and_datagrams_have_none(
    service, talk, another_talk, challenged
):
    login = encode_login(Login(ADMIN.handle, 301))
    envelope, challenge = await challenged(2001, login)
    wrong = SecretIdentity(b"0.NA/88.900", 301, b"idnode-demo").answer(challenge, (2, 11))
    _, message = await talk.ask(ANSWER, wrong, session_id=envelope.session_id)
    assert (message.op_code, message.response_code) == (2001, 403)
    envelope, challenge = await challenged(2001, login)
    answer = ADMIN.answer(challenge, (2, 11))
    envelope, message = await talk.ask(ANSWER, answer, session_id=envelope.session_id)
    assert (message.op_code, message.response_code) == (2001, 1)
    assert (await talk.ask(CREATE, BODY))[1].response_code == 1
    elsewhere = another_talk()
    assert (await elsewhere.ask(DELETE, encode_handle(b"88.900.1/new")))[1].response_code == 402
    datagram = another_talk(stream=False)
    assert (await datagram.ask(2001, login))[1].response_code == 4
    assert (await datagram.ask(CREATE, BODY))[1].response_code == 4


async def test_id_pointer_numbers_its_sessions_alike_on_every_connection(
    service, another_talk, put
):
    id_pointer = {"version": (2, 10), "suggested": (2, 11), "session_id": 10001}
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
        (await talk.ask(CREATE, BODY, **id_pointer))[1].response_code for talk in talks.values()
    ]
    assert codes == [1, 101]
    body = encode_handle(b"88.900.1/new")
    codes = [
        (await talk.ask(DELETE, body, **id_pointer))[1].response_code
        for talk in reversed(talks.values())
    ]
    assert codes == [400, 1]


async def test_a_private_key_of_the_record_administers(service, prove):
    key = KeyIdentity(b"0.NA/88.900", 300, service.foundation.signing_key)
    assert await prove(key) == 1
