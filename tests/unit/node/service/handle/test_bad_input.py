"""Whoever cheats when proving who he is gets the observed code, and nothing is changed or kept for long.

Wrong keys and unknown identities, challenges that are old, used or somebody else's, groups that contain
themselves or ten thousand members, logins on other connections, challenges left alone by the thousand.
"""

import pytest

from idnode.clients.identity import KeyIdentity, SecretIdentity
from idnode.node.service.handle.challenges import CHALLENGE_SECONDS, ChallengeLimits, Challenges
from idnode.registry.handle.proofs.signatures import encode_proof, sign
from idnode.registry.handle.types.hs_admin import AdminValue, encode_admin
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist
from idnode.registry.handle.values import EMPTY
from idnode.registry.handle.wire.administration import encode_handle, encode_record
from idnode.registry.handle.wire.challenge import (
    Challenge,
    ChallengeAnswer,
    Verification,
    decode_answer,
    decode_verdict,
    encode_answer,
    encode_verification,
)
from idnode.registry.handle.wire.cursor import Writer
from idnode.registry.handle.wire.digest import digest_of
from idnode.registry.handle.wire.login import Login, encode_login
from idnode.registry.handle.wire.message import decode_message
from idnode.registry.handle.wire.versions import version_of

CREATE, DELETE, LIST, ANSWER, VERIFY, SETUP, TERMINATE, EXCHANGE = (
    *(100, 101, 105, 200),
    *(201, 400, 401, 402),
)
BODY = encode_record(b"88.900.1/new", EMPTY)
ADMIN = SecretIdentity(b"0.NA/88.900.1", 301, b"idnode-demo")


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


async def test_index_0_is_no_administrator(service, prove):
    for secret in (b"wrong", b"idnode-demo"):
        assert await prove(SecretIdentity(ADMIN.handle, 0, secret)) == 400
    assert is_unchanged(service)


async def test_a_key_of_the_wrong_kind_or_hash_proves_nothing(service, talk, challenged):
    key = service.site.signing_key
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
        body = encode_answer(ChallengeAnswer(kind, b"0.NA/88.900", index, proof(challenge.proven)))
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
    answer = encode_answer(ChallengeAnswer(b"HS_SECKEY", b"0.NA/88.900", 301, b"x"))
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
        answer = decode_answer(identity.answer(challenge, version_of(envelope)))
        asked = Verification(
            answer.handle, answer.index, challenge.nonce, challenge.digest, answer.proof
        )
        _, message = await talk.ask(VERIFY, encode_verification(asked))
        assert message.response_code == 1
        assert decode_verdict(message.body) is verdict


@pytest.mark.parametrize("algorithm", [1, 2, 3])
async def test_a_digest_to_verify_may_come_with_its_length_in_front(talk, algorithm):
    digest = digest_of(b"asked elsewhere", algorithm)
    challenge = Challenge(b"n" * 16, digest)
    for identity, verdict in [(ADMIN, True), (SecretIdentity(ADMIN.handle, 301, b"no"), False)]:
        answer = decode_answer(identity.answer(challenge, (2, 11)))
        writer = Writer().string(answer.handle).i4(answer.index).string(challenge.nonce)
        body = writer.string(digest.digest).string(answer.proof).done()
        _, message = await talk.ask(VERIFY, body)
        assert message.response_code == 1
        assert decode_verdict(message.body) is verdict


async def test_challenges_left_alone_are_bounded_by_number_and_bytes_and_time(service, clock, wire):
    limits = ChallengeLimits(of_source=10, source_bytes=50_000, in_all=25, bytes_in_all=100_000)
    challenges = Challenges(clock, limits)
    data = wire.message(CREATE, bytes(200))
    large = wire.message(CREATE, bytes(20_000))
    from idnode.node.service.handle.connection import Connection

    for number in range(2000):
        connection = Connection((f"192.0.2.{number % 7}", 1), stream=True)
        message = decode_message(large if number % 50 == 0 else data)
        challenges.issue(message, wire.envelope(len(data)), connection, (2, 11))
        assert len(challenges) <= 25
        assert challenges._bytes <= 100_000
    clock.at += CHALLENGE_SECONDS + 1
    challenges.issue(decode_message(data), wire.envelope(len(data)), connection, (2, 11))
    assert len(challenges) == 1


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


async def test_a_private_key_of_the_record_administers(service, prove):
    key = KeyIdentity(b"0.NA/88.900", 300, service.site.signing_key)
    assert await prove(key) == 1
