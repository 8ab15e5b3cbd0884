"""Signatures by public keys.

* A message signed here verifies in every version's layout; a changed message, envelope or key
  fails.
* RSA and DSA both sign and verify; a proof reads back.
* Unknown hashes, and hashes that do not go with a key, are refused.
"""

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, rsa

from idnode.registry.handle.crypto.sm2 import _GX, _GY
from idnode.registry.handle.proofs import signatures
from idnode.registry.handle.types.hs_pubkey import DhPublicKey, Sm2PublicKey
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.errors import EncodingError, FieldTooShort, UnknownForm

RSA_KEY = rsa.generate_private_key(65537, 2048)
DSA_KEY = dsa.generate_private_key(2048)
SM2_KEY = Sm2PublicKey(_GX, _GY)


def envelope(minor):
    return Envelope(2, minor, 0, 2, 11, 0x01020304, 0x05060708, 0, 0)


@pytest.mark.parametrize("minor", [0, 5, 6, 7, 8, 11])
@pytest.mark.parametrize("key", [RSA_KEY, DSA_KEY], ids=["rsa", "dsa"])
def test_a_signed_message_verifies_in_its_version(minor, key):
    credential = signatures.sign_message(key, envelope(minor), b"header and body")
    public = key.public_key()
    assert signatures.verify_message(public, envelope(minor), b"header and body", credential)
    assert not signatures.verify_message(public, envelope(minor), b"changed", credential)
    forged = dataclasses.replace(credential, signature=b"forged")
    assert not signatures.verify_message(public, envelope(minor), b"header and body", forged)
    other = rsa.generate_private_key(65537, 1024).public_key()
    assert not signatures.verify_message(other, envelope(minor), b"header and body", credential)


def test_the_request_id_is_covered_since_2_7():
    credential = signatures.sign_message(RSA_KEY, envelope(7), b"signed")
    moved = dataclasses.replace(envelope(7), request_id=9)
    assert not signatures.verify_message(RSA_KEY.public_key(), moved, b"signed", credential)


def test_a_proof_reads_back():
    proof = signatures.encode_proof("SHA-256", b"signature")
    assert signatures.decode_proof(proof) == ("SHA-256", b"signature")
    with pytest.raises(FieldTooShort):
        signatures.decode_proof(proof[:-1])


@pytest.mark.parametrize("name", ["MD5", "SHA1", "SHA-1", "sha-256", "SHA256"])
def test_hash_names_are_known_in_their_spellings(name):
    signature = signatures.sign(RSA_KEY, name, b"data")
    assert signatures.verify(RSA_KEY.public_key(), name, signature, b"data")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (RSA_KEY.public_key(), "SM3"),
        (RSA_KEY.public_key(), ""),
        (SM2_KEY, "SHA-256"),
        (DhPublicKey(5, 2**600 + 1, 2), "SHA-256"),
    ],
)
def test_unknown_hashes_and_keys_that_cannot_sign_are_refused(key, name):
    with pytest.raises(UnknownForm):
        signatures.verify(key, name, b"signature", b"data")


def test_an_sm2_key_takes_sm3_only():
    assert not signatures.verify(SM2_KEY, "SM3", b"signature", b"data", signer=b"88.900/a")


def test_signing_with_an_unknown_hash_is_our_mistake():
    with pytest.raises(EncodingError):
        signatures.sign(RSA_KEY, "SHA-3000", b"data")
