"""The node's own certificate keeps these promises.

- It names this machine and whatever else it was asked to name, and a client that trusts the file verifies it.
- It stays as it is, byte for byte, until a name is missing or its end is near; the key stays even then.
- Only its owner reads the key. A key file with something else in it is refused, a broken certificate made anew.
"""

import ipaddress
import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idnode.node.first_start.certificate import LIFETIME, load_or_make, own_certificate
from idnode.node.first_start.key_pairs import KeyFileUnusable

NOW = 1_800_000_000.0


def named(path):
    found = x509.load_pem_x509_certificate(path.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found, {str(name.value) for name in names}


def test_it_names_this_machine_and_what_it_was_asked_to(tmp_path):
    files = load_or_make(tmp_path / "keys", ["192.0.2.7", "node.example"], NOW)
    found, names = named(files.certificate)
    assert names == {"localhost", "127.0.0.1", "::1", "192.0.2.7", "node.example"}
    assert found.not_valid_before_utc < datetime.fromtimestamp(NOW, UTC) < found.not_valid_after_utc
    assert files.certificate == own_certificate(tmp_path / "keys")


def test_a_client_that_trusts_the_file_finds_it_in_order(tmp_path):
    files = load_or_make(tmp_path, [], NOW)
    context = ssl.create_default_context(cafile=files.certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    assert context.get_ca_certs()[0]["subject"] == ((("commonName", "idnode"),),)
    verifier = x509.verification.PolicyBuilder().store(
        x509.verification.Store([x509.load_pem_x509_certificate(files.certificate.read_bytes())])
    )
    assert verifier.build_server_verifier(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


def test_only_its_owner_reads_the_key(tmp_path):
    assert load_or_make(tmp_path, [], NOW).key.stat().st_mode & 0o777 == 0o600


def test_it_stays_until_a_name_is_missing(tmp_path):
    files = load_or_make(tmp_path, ["192.0.2.7"], NOW)
    before, key = files.certificate.read_bytes(), files.key.read_bytes()
    load_or_make(tmp_path, [], NOW + 86_400)
    load_or_make(tmp_path, ["192.0.2.7"], NOW + 86_400)
    assert files.certificate.read_bytes() == before
    load_or_make(tmp_path, ["192.0.2.8"], NOW)
    assert files.certificate.read_bytes() != before
    assert files.key.read_bytes() == key


def test_it_is_made_anew_when_its_end_is_near(tmp_path):
    files = load_or_make(tmp_path, [], NOW)
    before = files.certificate.read_bytes()
    load_or_make(tmp_path, [], NOW + LIFETIME.total_seconds() - 40 * 86_400)
    assert files.certificate.read_bytes() == before
    load_or_make(tmp_path, [], NOW + LIFETIME.total_seconds() - 20 * 86_400)
    assert files.certificate.read_bytes() != before


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x00" * 100])
def test_a_broken_certificate_is_made_anew(tmp_path, content):
    files = load_or_make(tmp_path, [], NOW)
    files.certificate.write_bytes(content)
    load_or_make(tmp_path, [], NOW)
    assert named(files.certificate)[1] == {"localhost", "127.0.0.1", "::1"}


def test_a_key_file_with_something_else_is_refused(tmp_path):
    files = load_or_make(tmp_path, [], NOW)
    files.key.write_bytes(b"nonsense")
    with pytest.raises(KeyFileUnusable, match=r"https\.private\.pem"):
        load_or_make(tmp_path, [], NOW)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files.key.write_bytes(pem)
    with pytest.raises(KeyFileUnusable, match="not an elliptic-curve key"):
        load_or_make(tmp_path, [], NOW)
