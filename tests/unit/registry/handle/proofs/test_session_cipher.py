"""Encryption of messages within a session.

* What was encrypted decrypts, with AES (vector in front) and SM4 (none).
* Another key, cut bytes, other sizes and unknown ciphers are refused with documented errors.
* Both sides of a Diffie-Hellman agreement get the same key.
"""

import pytest

from idnode.registry.handle.proofs.session_cipher import agreed_key, decrypt, encrypt
from idnode.registry.handle.types.hs_pubkey import DhPublicKey
from idnode.registry.handle.wire.constants import SessionCipher
from idnode.registry.handle.wire.errors import UndecipherableMessage, UnknownForm

KEY, VECTOR, VERSION = bytes(range(16)), bytes(range(16, 32)), (2, 11)
GROUP_P = int(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e34"
    "04ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6"
    "f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff",
    16,
)


@pytest.mark.parametrize("algorithm", [SessionCipher.AES, SessionCipher.SM4])
@pytest.mark.parametrize("size", [0, 1, 15, 16, 100])
def test_what_was_encrypted_decrypts(algorithm, size):
    data = encrypt(bytes(size), KEY, algorithm, VERSION, VECTOR)
    assert data.startswith(VECTOR) is (algorithm == SessionCipher.AES)
    assert decrypt(data, KEY, algorithm, VERSION) == bytes(size)


@pytest.mark.parametrize("size", [0, 1, 16, 17, 31, 33])
def test_bytes_that_are_no_whole_blocks_are_refused(size):
    with pytest.raises(UndecipherableMessage):
        decrypt(bytes(size), KEY, SessionCipher.AES, VERSION)


def test_another_key_is_noticed_by_the_padding():
    data = encrypt(b"message", KEY, SessionCipher.AES, VERSION, VECTOR)
    with pytest.raises(UndecipherableMessage):
        decrypt(data, bytes(16), SessionCipher.AES, VERSION)


@pytest.mark.parametrize(
    ("key", "algorithm", "version"),
    [
        (KEY, SessionCipher.DES, VERSION),
        (KEY, 99, VERSION),
        (b"short", SessionCipher.AES, VERSION),
        (KEY, SessionCipher.AES, (2, 3)),
    ],
)
def test_unknown_ciphers_and_key_sizes_are_refused(key, algorithm, version):
    with pytest.raises(UnknownForm):
        encrypt(b"message", key, algorithm, version, VECTOR)
    with pytest.raises(UnknownForm):
        decrypt(bytes(64), key, algorithm, version)


def test_both_sides_agree_on_a_key():
    mine, theirs = 0x1234567890ABCDEF, 0xFEDCBA0987654321
    my_half = DhPublicKey(pow(2, mine, GROUP_P), GROUP_P, 2)
    their_half = DhPublicKey(pow(2, theirs, GROUP_P), GROUP_P, 2)
    assert agreed_key(their_half, mine) == agreed_key(my_half, theirs)
    assert len(agreed_key(my_half, theirs)) == 16
