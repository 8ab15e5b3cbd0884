"""Proofs by a secret key.

* A proof of every version verifies with its secret and no other; the older keyed forms verify too.
* A peer cannot ask for unbounded work; cut proofs are refused, unknown forms prove nothing.
* A secret outside ASCII is derived as Java clients do it.
"""

import hashlib
import hmac

import pytest

from idnode.registry.handle.proofs.secret_answer import ROUNDS_MAX, make_proof, verify_proof
from idnode.registry.handle.wire.errors import FieldTooShort, LimitExceeded

SECRET, PROVEN, SALT = "密钥".encode(), b"nonce and digest", bytes(16)


@pytest.mark.parametrize("version", [(2, 0), (2, 1), (2, 6), (2, 7), (2, 11)])
def test_a_proof_verifies_with_its_secret_only(version):
    proof = make_proof(SECRET, PROVEN, version, SALT)
    assert verify_proof(SECRET, PROVEN, proof, version)
    assert not verify_proof(b"other", PROVEN, proof, version)
    assert not verify_proof(SECRET, b"other", proof, version)


def test_the_pbkdf2_password_is_latin_1_read_and_utf_8_written():
    password = SECRET.decode("latin-1").encode()
    key = hashlib.pbkdf2_hmac("sha1", password, SALT, 10_000, 20)
    assert make_proof(SECRET, PROVEN, (2, 11), SALT).endswith(hmac.digest(key, PROVEN, "sha1"))


@pytest.mark.parametrize(
    ("tag", "mac"),
    [
        (0x01, hashlib.md5(SECRET + PROVEN + SECRET).digest()),
        (0x03, hashlib.sha256(SECRET + PROVEN + SECRET).digest()),
        (0x12, hmac.digest(SECRET, PROVEN, "sha1")),
        (0x13, hmac.digest(SECRET, PROVEN, "sha256")),
    ],
)
def test_other_keyed_forms_verify_too(tag, mac):
    assert verify_proof(SECRET, PROVEN, bytes([tag]) + mac, (2, 11))
    assert not verify_proof(SECRET, PROVEN, bytes([tag]) + mac[:-1], (2, 11))


def test_an_unknown_form_proves_nothing():
    assert not verify_proof(SECRET, PROVEN, b"\x77proof", (2, 11))


def pbkdf2_proof(rounds, key_bits):
    numbers = rounds.to_bytes(4, "big", signed=True) + key_bits.to_bytes(4, "big", signed=True)
    return b"\x22\0\0\0\0" + numbers + b"\0\0\0\0"


@pytest.mark.parametrize(("rounds", "bits"), [(ROUNDS_MAX + 1, 160), (2**31 - 1, 160), (1, 513)])
def test_unbounded_work_is_refused(rounds, bits):
    with pytest.raises(LimitExceeded):
        verify_proof(SECRET, PROVEN, pbkdf2_proof(rounds, bits), (2, 11))


@pytest.mark.parametrize(("rounds", "bits"), [(0, 160), (-1, 160), (1, 0), (1, -8)])
def test_senseless_work_proves_nothing(rounds, bits):
    assert not verify_proof(SECRET, PROVEN, pbkdf2_proof(rounds, bits), (2, 11))


def test_every_cut_of_a_proof_is_refused():
    proof = make_proof(SECRET, PROVEN, (2, 11), SALT)
    for end in range(len(proof)):
        with pytest.raises(FieldTooShort):
            verify_proof(SECRET, PROVEN, proof[:end], (2, 11))
