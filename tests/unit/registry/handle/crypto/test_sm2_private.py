"""SM2 signatures and encryption, against our own verification and against the openssl program's keys."""

import secrets
import subprocess

import pytest

from idnode.registry.handle.crypto import sm2, sm2_private
from idnode.registry.handle.proofs.private_keys import challenge_hash, decode_private_key
from idnode.registry.handle.wire.errors import MalformedKey, UndecipherableMessage, UnknownForm

KEY = sm2_private.Sm2PrivateKey(0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8)


def nonce():
    return secrets.randbelow(sm2.ORDER - 1) + 1


def test_the_example_of_the_standard():
    # GB/T 32918.5 A.2
    assert KEY.public_key().x == 0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020
    drawn = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    signature = sm2_private.sign(KEY, b"message digest", b"1234567812345678", drawn)
    assert signature.hex().endswith(
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    )


def test_what_is_signed_verifies_for_this_user_only():
    signature = sm2_private.sign(KEY, b"data", b"88.900.1/me", nonce())
    assert sm2.verify(KEY.public_key(), signature, b"data", b"88.900.1/me")
    assert not sm2.verify(KEY.public_key(), signature, b"data", b"88.900.1/you")
    assert not sm2.verify(KEY.public_key(), signature, b"date", b"88.900.1/me")


def test_what_is_encrypted_opens_with_the_key_only():
    data = secrets.token_bytes(100)
    sealed = sm2_private.encrypt(KEY.public_key(), data, nonce())
    assert sm2_private.decrypt(KEY, sealed) == data
    for broken in (b"", sealed[:-1], sealed[:90] + b"x" + sealed[91:], b"\x05" + sealed[1:]):
        with pytest.raises(UndecipherableMessage):
            sm2_private.decrypt(KEY, broken)
    with pytest.raises(UndecipherableMessage):
        sm2_private.decrypt(sm2_private.Sm2PrivateKey(5), sealed)


@pytest.mark.parametrize("number", [0, -1, sm2.ORDER, sm2.ORDER - 1])
def test_a_key_out_of_range_is_none(number):
    with pytest.raises(MalformedKey):
        sm2_private.Sm2PrivateKey(number)


@pytest.mark.parametrize(
    "command",
    [
        ("ecparam", "-name", "SM2", "-genkey", "-noout"),
        ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"),
    ],
)
def test_keys_of_openssl_are_read(command):
    text = subprocess.run(["openssl", *command], capture_output=True, check=True).stdout
    key = decode_private_key(text)
    assert isinstance(key, sm2_private.Sm2PrivateKey)
    assert challenge_hash(key, (2, 11)) == "SM3"


def test_what_is_no_private_key_is_refused():
    made = ("genpkey", "-algorithm", "ed25519")
    other = subprocess.run(["openssl", *made], capture_output=True, check=True).stdout
    with pytest.raises(UnknownForm):
        decode_private_key(other)
    for text in (b"", b"x", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"):
        with pytest.raises(MalformedKey):
            decode_private_key(text)
