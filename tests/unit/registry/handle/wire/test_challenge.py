"""Bodies of the challenge dialogue.

* A challenge reads back in both layouts: typed digest in front, or MD5 behind the nonce in 2.0.
* What a proof covers is nonce, then digest.
* Answers, verifications and verdicts read back; every cut is refused.
"""

import pytest

from idnode.registry.handle.wire import challenge
from idnode.registry.handle.wire.constants import OpFlag
from idnode.registry.handle.wire.digest import RequestDigest, digest_of
from idnode.registry.handle.wire.errors import FieldTooShort, UnknownForm

NONCE = bytes(range(16))


@pytest.mark.parametrize(
    ("version", "algorithm", "flags"),
    [
        ((2, 0), 1, 0),
        ((2, 1), 2, OpFlag.REQUEST_DIGEST),
        ((2, 11), 3, OpFlag.REQUEST_DIGEST),
    ],
)
def test_a_challenge_reads_back_in_its_version(version, algorithm, flags):
    asked = challenge.Challenge(NONCE, digest_of(b"request", algorithm))
    body = challenge.encode_challenge(asked, version)
    assert challenge.decode_challenge(body, flags) == asked
    assert asked.proven == NONCE + asked.digest.digest


def test_a_challenge_without_digest_reads_back():
    asked = challenge.Challenge(NONCE)
    assert challenge.decode_challenge(challenge.encode_challenge(asked, (2, 11)), 0) == asked
    assert asked.proven == NONCE


def test_an_unknown_digest_algorithm_is_refused():
    with pytest.raises(UnknownForm) as caught:
        challenge.decode_challenge(b"\x09" + bytes(50), OpFlag.REQUEST_DIGEST)
    assert caught.value.tag == 9


def test_an_answer_reads_back_and_every_cut_is_refused():
    answer = challenge.ChallengeAnswer(challenge.PUBLIC_KEY, b"0.NA/88.900", 300, b"proof")
    body = challenge.encode_answer(answer)
    assert challenge.decode_answer(body) == answer
    for end in range(len(body)):
        with pytest.raises(FieldTooShort):
            challenge.decode_answer(body[:end])


def test_a_verification_reads_back_and_every_cut_is_refused():
    asked = challenge.Verification(
        b"0.NA/88.900", 301, NONCE, RequestDigest(3, bytes(32)), b"proof"
    )
    body = challenge.encode_verification(asked)
    assert challenge.decode_verification(body) == asked
    for end in range(len(body)):
        with pytest.raises(FieldTooShort):
            challenge.decode_verification(body[:end])


def test_a_verdict_reads_back():
    assert challenge.decode_verdict(challenge.encode_verdict(valid=True))
    assert not challenge.decode_verdict(challenge.encode_verdict(valid=False))
    with pytest.raises(FieldTooShort):
        challenge.decode_verdict(b"")
