"""Tokens of HS_SIGNATURE and HS_CERT values: what ID-SDK and id-pointer wrote is read; ours verify and nothing else does.

Both JSON forms of JWS are read as the compact one is; RSA and SM2 keys sign; any other bytes are refused with a reason.
"""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.handle import values
from idnode.registry.handle.certification.claims import (
    DERIVED_PREFIXES,
    EVERYTHING,
    THIS_HANDLE,
    UNDER_PREFIX,
    Permission,
    Signer,
    Term,
    certify,
    digest_of_value,
    read_certificate,
    read_signature,
    sign_record,
)
from idnode.registry.handle.certification.tokens import (
    TokenMalformed,
    claims_of,
    is_genuine,
    key_as_json,
    key_from_json,
    sign_token,
)
from idnode.registry.handle.crypto.sm2_private import Sm2PrivateKey
from idnode.registry.handle.model import HandleValue

TERM = Term(1000, 2000)


@pytest.fixture(scope="module", params=["rsa", "sm2"])
def key(request):
    if request.param == "sm2":
        return Sm2PrivateKey(12345678901234567890)
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    ("name", "issuer", "indexes"),
    [
        ("idp-data/hs-signature", "1:88.1000.1/fy", [1]),
        ("idsdk-data/hs-signature", "1:88.1000.1/fy", [1, 2]),
    ],
)
def test_signatures_of_other_libraries_are_read(vectors, name, issuer, indexes):
    (value,) = values.unpack(b"\0\0\0\1" + vectors[name])
    read = read_signature(value.data)
    assert (read.issuer, read.subject) == (issuer, b"88.1000.2/mm")
    assert [index for index, _ in read.digests] == indexes


def test_a_certificate_of_another_library_is_read(vectors):
    (value,) = values.unpack(b"\0\0\0\1" + vectors["idp-data/hs-cert"])
    read = read_certificate(value.data)
    assert (read.issuer, read.subject) == ("1:88.1000.1/fy", "2:88.1000.2/mm")
    assert read.permissions == (Permission(EVERYTHING),)
    assert read.key.key_size == 2048


@pytest.fixture(scope="module")
def vectors():
    from pathlib import Path

    lines = Path("tests/vectors/handle-wire.jsonl").read_text().splitlines()
    found = map(json.loads, lines)
    return {
        each["name"]: bytes.fromhex(each["hex"]) for each in found if "-data/hs-" in each["name"]
    }


def test_what_is_signed_verifies_and_nothing_else(key):
    other = (
        Sm2PrivateKey(99)
        if isinstance(key, Sm2PrivateKey)
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    token = sign_token({"a": 1}, key)
    assert claims_of(token) == {"a": 1}
    assert is_genuine(token, key.public_key())
    assert not is_genuine(token, other.public_key())
    head, _, tail = token.split(b".")
    forged = b".".join((head, base64.urlsafe_b64encode(b'{"a":2}').rstrip(b"="), tail))
    assert not is_genuine(forged, key.public_key())
    assert key_from_json(json.loads(json.dumps(key_as_json(key.public_key())))) == key.public_key()
    assert "d" not in key_as_json(key.public_key())


def test_the_json_forms_are_read_as_the_compact_one(key):
    protected, payload, signature = sign_token({"a": 1}, key).decode().split(".")
    signed = {"protected": protected, "signature": signature}
    for form in ({"payload": payload, **signed}, {"payload": payload, "signatures": [signed]}):
        data = json.dumps(form).encode()
        assert claims_of(data) == {"a": 1}
        assert is_genuine(data, key.public_key())


def test_no_algorithm_of_the_tokens_choice_is_taken():
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=")
    token = head + b"." + base64.urlsafe_b64encode(b"{}").rstrip(b"=") + b"."
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert not is_genuine(token, key.public_key())


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_other_bytes_are_refused(data):
    for read in (read_signature, read_certificate):
        with pytest.raises(TokenMalformed):
            read(data)


def test_a_signature_has_a_digest_of_each_value_but_signatures(key):
    packed = values.pack([HandleValue(1, "URL", b"x"), HandleValue(400, "HS_SIGNATURE", b"old")])
    read = read_signature(sign_record(b"88.1/x", packed, Signer("300:0.NA/88", key, TERM)))
    span = values.spans(packed)[0]
    digest = digest_of_value(packed[span.start : span.end], "SHA-256")
    assert (read.digests, read.term) == (((1, digest),), TERM)


def test_a_certificate_says_what_it_was_told(key):
    rights = (Permission(UNDER_PREFIX, b"0.NA/88.1"), Permission(EVERYTHING))
    data = certify("300:0.NA/88.1", key.public_key(), rights, Signer("300:0.NA/88", key, TERM))
    read = read_certificate(data)
    assert (read.permissions, read.key) == (rights, key.public_key())


@pytest.mark.parametrize(
    ("kind", "own", "covered", "not_covered"),
    [
        (EVERYTHING, b"", [b"1/x", b"0.NA/7"], []),
        (THIS_HANDLE, b"88.1/A", [b"88.1/a"], [b"88.1/b"]),
        (UNDER_PREFIX, b"0.NA/88.1", [b"88.1/x", b"0.na/88.1"], [b"88.1.2/x", b"88.12/x"]),
        (DERIVED_PREFIXES, b"0.NA/88.1", [b"88.1.2/x", b"0.NA/88.1.2"], [b"88.1/x", b"88.12/x"]),
        ("unheard of", b"88.1/x", [], [b"88.1/x"]),
    ],
)
def test_rights_cover_what_they_name(kind, own, covered, not_covered):
    right = Permission(kind, own)
    assert [handle for handle in covered + not_covered if right.covers(handle)] == covered
