"""Promises: a certificate's name and key are read; what is none, or names nobody, is refused as malformed."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from idnode.registry.handle.types.certificates import named_key
from idnode.registry.handle.wire.errors import MalformedKey

KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(*names):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return (
        x509.CertificateBuilder(subject, subject, KEY.public_key(), 1, start, start)
        .sign(KEY, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def test_name_and_key_are_read():
    key = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert named_key(certificate("300:0.NA/泵")) == ("300:0.NA/泵", key)


@pytest.mark.parametrize(
    "data",
    [b"", b"x" * 100, certificate(), certificate("a", "b"), certificate("a")[:-1]],
    ids=["empty", "nonsense", "no name", "two names", "cut"],
)
def test_what_names_nobody_is_malformed(data):
    with pytest.raises(MalformedKey):
        named_key(data)
