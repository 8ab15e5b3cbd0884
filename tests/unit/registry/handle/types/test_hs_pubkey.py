"""Forms of public keys.

* Each key type reads back from its tagged form, RSA with and without its four stray bytes.
* PEM text (LF and CRLF) is understood, for SM2 within the tagged form as well as DER.
* Unknown types, broken content and absurd sizes are refused with documented errors.
"""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idnode.registry.handle.types import hs_pubkey, hs_pubkey_forms
from idnode.registry.handle.wire.cursor import Writer
from idnode.registry.handle.wire.errors import (
    FieldTooShort,
    LimitExceeded,
    MalformedKey,
    UnknownForm,
)

VECTORS = json.loads(
    (Path(__file__).parents[4] / "vectors/handle-wire-keys.json").read_text(encoding="utf-8")
)["keys"]


def pem(name):
    return VECTORS[name]["publicKeyPem"].encode()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("admin-rsa2048", rsa.RSAPublicKey),
        ("admin-dsa1024", dsa.DSAPublicKey),
        ("admin-sm2", hs_pubkey.Sm2PublicKey),
    ],
)
def test_a_key_reads_back_from_pem_and_tagged_form(name, kind):
    key = hs_pubkey.decode_public_key(pem(name))
    assert isinstance(key, kind)
    assert hs_pubkey.decode_public_key(hs_pubkey.encode_public_key(key)) == key
    for line_end in (b"\n", b"\r\n"):
        assert hs_pubkey.decode_public_key(hs_pubkey.encode_pem(key, line_end=line_end)) == key


def test_a_diffie_hellman_half_reads_back():
    key = hs_pubkey.DhPublicKey(2**600 + 1, 2**1023 + 1, 2)
    assert hs_pubkey.decode_public_key(hs_pubkey.encode_public_key(key)) == key


def test_an_rsa_key_has_four_stray_bytes_and_does_not_need_them():
    data = hs_pubkey.encode_public_key(hs_pubkey.decode_public_key(pem("admin-rsa2048")))
    assert data.endswith(bytes(4))
    assert hs_pubkey.decode_public_key(data[:-4]) == hs_pubkey.decode_public_key(data)


def test_a_tagged_sm2_key_may_carry_der():
    der = base64.b64decode(b"".join(pem("admin-sm2").splitlines()[1:-1]))
    data = Writer().string(hs_pubkey_forms.SM2).u2(0).string(der).done()
    assert hs_pubkey.decode_public_key(data) == hs_pubkey.decode_public_key(pem("admin-sm2"))


def test_unknown_key_types_are_refused():
    with pytest.raises(UnknownForm):
        hs_pubkey.decode_public_key(Writer().string(b"SM9_PUB_KEY").u2(0).string(b"x").done())
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    text = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(UnknownForm):
        hs_pubkey.decode_public_key(text)


def test_a_key_of_another_elliptic_curve_is_pem_text():
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    text = hs_pubkey.encode_public_key(key)
    assert text.startswith(b"-----BEGIN PUBLIC KEY-----")
    assert hs_pubkey.decode_public_key(text) == key


def tagged(key_type, *numbers):
    writer = Writer().string(key_type).u2(0)
    for number in numbers:
        writer.string(number)
    return writer.done()


@pytest.mark.parametrize(
    "data",
    [
        tagged(hs_pubkey_forms.RSA, b"", b""),
        tagged(hs_pubkey_forms.RSA, b"\x03", b"\x02"),
        tagged(hs_pubkey_forms.DSA, b"\x01", b"\x01", b"\x01", b"\x01"),
        tagged(hs_pubkey_forms.DH, b"\x02", b"\x17", b"\x05"),
        tagged(hs_pubkey_forms.SM2, b"neither"),
        tagged(hs_pubkey_forms.SM2, b"-----BEGIN PUBLIC KEY-----"),
        b"-----BEGIN RSA PRIVATE KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----\n?\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ],
)
def test_broken_content_is_refused(data):
    with pytest.raises(MalformedKey):
        hs_pubkey.decode_public_key(data)


def test_absurd_sizes_are_refused_before_they_cost_anything():
    with pytest.raises(LimitExceeded):
        hs_pubkey.decode_public_key(tagged(hs_pubkey_forms.RSA, b"\x03", b"\x7f" * 3000))
    with pytest.raises(FieldTooShort):
        hs_pubkey.decode_public_key(b"\0\0\0\x0bRSA_PUB_KEY\0\0\xff\xff\xff\xff")
