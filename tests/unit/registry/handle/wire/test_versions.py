"""What a version implies.

* A response is written in the highest version that both sides know.
* Digest, signature, vector and response codes change at the versions that the specification names.
* What a signature or MAC covers has the layout of its version.
"""

import hashlib
import hmac

import pytest

from idnode.registry.handle.wire import versions
from idnode.registry.handle.wire.envelope import Envelope


def envelope(version, suggested=(2, 11)):
    return Envelope(*version, 0, *suggested, 0x01020304, 0x05060708, 0, 0)


@pytest.mark.parametrize(
    ("version", "suggested", "response"),
    [
        ((2, 3), (2, 11), (2, 11)),
        ((2, 3), (2, 10), (2, 10)),
        ((2, 10), (2, 11), (2, 11)),
        ((2, 1), (2, 1), (2, 1)),
        ((2, 0), (0, 0), (2, 0)),
        ((1, 0), (0, 0), (1, 0)),
        ((3, 0), (3, 0), (2, 11)),
        ((5, 0), (0, 0), (2, 11)),
    ],
)
def test_the_response_has_the_highest_version_that_both_know(version, suggested, response):
    assert versions.negotiate(envelope(version, suggested)) == response


def test_an_older_server_answers_in_its_own_version():
    assert versions.negotiate(envelope((2, 3)), best=(2, 7)) == (2, 7)


@pytest.mark.parametrize(
    ("version", "algorithm"), [((2, 0), 1), ((2, 1), 2), ((2, 6), 2), ((2, 7), 3), ((2, 11), 3)]
)
def test_the_digest_algorithm_follows_the_version(version, algorithm):
    assert versions.digest_algorithm(version) == algorithm
    assert versions.digest_is_typed(version) is (version > (2, 0))


@pytest.mark.parametrize(
    ("version", "rsa", "dsa"),
    [
        ((2, 6), "SHA1", "SHA1"),
        ((2, 7), "SHA-256", "SHA1"),
        ((2, 10), "SHA-256", "SHA1"),
        ((2, 11), "SHA-256", "SHA-256"),
    ],
)
def test_the_signature_hash_follows_version_and_key(version, rsa, dsa):
    assert versions.signature_hash(version) == rsa
    assert versions.signature_hash(version, dsa=True) == dsa


def test_old_clients_get_the_codes_that_they_know():
    assert versions.response_code_for((2, 4), 7) == 303
    assert versions.response_code_for((2, 4), 202) == 201
    assert versions.response_code_for((2, 4), 100) == 100
    assert versions.response_code_for((2, 5), 202) == 202


def test_a_vector_is_in_front_since_2_4():
    assert versions.has_initial_vector((2, 4))
    assert not versions.has_initial_vector((2, 3))


@pytest.mark.parametrize(
    ("minor", "front"),
    [
        (0, ""),
        (5, ""),
        (6, "0206 0102 00000009 000000000000"),
        (7, "0207 01020304 05060708 00000009"),
        (8, "0208 020b 01020304 05060708 00000009"),
        (11, "020b 020b 01020304 05060708 00000009"),
    ],
)
def test_the_signed_bytes_have_the_layout_of_their_version(minor, front):
    covered = versions.signed_bytes(envelope((2, minor)), b"signed", 9)
    assert covered == bytes.fromhex(front) + b"signed"


def test_a_mac_of_today_is_an_hmac_over_the_signed_bytes():
    sent = envelope((2, 11))
    name, mac = versions.message_mac(sent, b"signed", 9, b"key")
    assert name == b"HMAC-SHA256"
    assert mac == hmac.digest(b"key", versions.signed_bytes(sent, b"signed", 9), "sha256")


@pytest.mark.parametrize(("minor", "expected"), [(5, b"\x02"), (6, b"SHA1")])
def test_the_mac_of_2_5_and_2_6_covers_the_overlapping_buffer(minor, expected):
    name, mac = versions.message_mac(envelope((2, minor)), b"signed", 9, b"k" * 16)
    # The message overwrites key, versions and ids from byte 4 on, the second key stands behind it.
    buffer = b"kkkk" + b"signed" + b"k" * 16
    buffer += bytes(2 * 16 + len(b"signed") + 14 - len(buffer))
    assert name == expected
    assert mac == hashlib.sha1(buffer).digest()


def test_the_oldest_mac_wraps_the_message_in_the_key():
    _, mac = versions.message_mac(envelope((2, 4)), b"signed", 9, b"key")
    assert mac == hashlib.sha1(b"keysignedkey").digest()
