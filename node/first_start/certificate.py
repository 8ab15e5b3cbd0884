"""The node's own certificate for HTTPS: made at first start, kept as a file, signed by itself.

It names this machine and the address that clients are told, and lives ten years, so that a client that was
given the file once goes on trusting it. A new one is made only when today's address is not in it or its end is
near; the key stays.
"""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from idnode.node.first_start.key_pairs import KeyFileUnusable, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAME: Final = "https"
LIFETIME: Final = timedelta(days=3650)
RENEWAL: Final = timedelta(days=30)
"""How long before its end a certificate is made anew."""

ALWAYS_NAMED: Final = ("localhost", "127.0.0.1", "::1")

OTHER_NAME: Final = "another-node.example"
"""The name in a certificate that is another node's."""

EXPIRED: Final = datetime(2024, 1, 1, tzinfo=UTC)
"""The end of a certificate that has expired."""

_SUBJECT: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idnode")])
_SLACK: Final = timedelta(days=1)
"""How far a client's clock may be behind ours."""


class CertificateFiles(NamedTuple):
    """Tells where a certificate chain and its private key lie, both PEM."""

    certificate: Path
    key: Path


def own_certificate(folder: Path) -> Path:
    """Return the file with the node's own certificate, which clients are given to trust."""
    return folder / f"{NAME}.certificate.pem"


def load_or_make(folder: Path, names: Iterable[str], now: float) -> CertificateFiles:
    """Return the node's own certificate for this machine and these host names or addresses. Blocks.

    ``now`` is epoch seconds. The key file can be read by its owner only.

    Raises:
        KeyFileUnusable: The key file holds something else.
        OSError: The folder cannot be read or written.

    """
    files = CertificateFiles(own_certificate(folder), folder / f"{NAME}.private.pem")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = _load_or_make_key(files.key)
    wanted = [_general_name(name) for name in dict.fromkeys((*ALWAYS_NAMED, *names))]
    today = datetime.fromtimestamp(now, UTC)
    if not _still_good(files.certificate, key, wanted, today):
        made = _certificate(key, wanted, today)
        write_whole(files.certificate, made.public_bytes(Encoding.PEM), 0o644)
    return files


def misfit(keys: Path, folder: Path, *, expired: bool) -> CertificateFiles:
    """Return a certificate in a folder that fits no name of this node, or whose time is over. Blocks.

    It is issued by the node's own certificate, whose key lies in ``keys``; for an operator's certificate there is no
    such key, and it is issued by nobody whom a client knows.

    Raises:
        KeyFileUnusable: The key file holds something else.
        OSError: A folder cannot be read or written.

    """
    own = keys / f"{NAME}.private.pem"
    issuer = _load_or_make_key(own if own.exists() else folder / "issuer.private.pem")
    files = CertificateFiles(folder / "certificate.pem", folder / "private.pem")
    key = _load_or_make_key(files.key)
    names = ALWAYS_NAMED if expired else (OTHER_NAME,)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(_SUBJECT)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(EXPIRED - LIFETIME)
        .not_valid_after(EXPIRED if expired else EXPIRED + 7 * LIFETIME)
    )
    for extension in (
        x509.SubjectAlternativeName(map(_general_name, names)),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()),
    ):
        builder = builder.add_extension(extension, critical=False)
    made = builder.sign(issuer, hashes.SHA256())
    files.certificate.write_bytes(made.public_bytes(Encoding.PEM))
    return files


class Expiry:
    """Tells when the certificate in a file runs out; the file is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = -1.0
        self._seconds = 0.0

    def seconds(self) -> float:
        """Return the end of its validity in epoch seconds, 0 when the file holds none."""
        try:
            changed = self._path.stat().st_mtime
            if changed != self._read:
                found = x509.load_pem_x509_certificate(self._path.read_bytes())
                self._seconds, self._read = found.not_valid_after_utc.timestamp(), changed
        except (OSError, ValueError):
            self._seconds, self._read = 0.0, -1.0
        return self._seconds


def _load_or_make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    with suppress(FileNotFoundError):
        data = path.read_bytes()
        try:
            key = load_pem_private_key(data, password=None)
        except (ValueError, TypeError) as error:
            raise KeyFileUnusable(f"{path}: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyFileUnusable(f"{path}: not an elliptic-curve key")
        return key
    key = ec.generate_private_key(ec.SECP256R1())
    write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    return key


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _still_good(
    path: Path, key: ec.EllipticCurvePrivateKey, wanted: list[x509.GeneralName], today: datetime
) -> bool:
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return False
    return (
        found.public_key() == key.public_key()
        and found.not_valid_before_utc <= today <= found.not_valid_after_utc - RENEWAL
        and all(name in named for name in wanted)
    )


def _certificate(
    key: ec.EllipticCurvePrivateKey, names: list[x509.GeneralName], today: datetime
) -> x509.Certificate:
    public = key.public_key()
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectAlternativeName(names), False),
        # A certificate authority for itself: so that a client can be given it as the one to trust.
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_key_usage(), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(_SUBJECT)
        .issuer_name(_SUBJECT)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - _SLACK)
        .not_valid_after(today + LIFETIME)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256())


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
