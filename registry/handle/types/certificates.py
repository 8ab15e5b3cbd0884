"""X.509 certificates of Handle identities: whom one names, and with which key."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idnode.registry.handle.wire.errors import MalformedKey


def named_key(certificate: bytes) -> tuple[str, bytes]:
    """Return common name and public key (SubjectPublicKeyInfo in DER) of a certificate in DER.

    Raises:
        MalformedKey: It cannot be read, or has no common name, or several.

    """
    from cryptography import x509  # noqa: PLC0415  # seldom needed, and slow to import
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    try:
        read = x509.load_der_x509_certificate(certificate)
        names = read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        key = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MalformedKey(f"The certificate cannot be read: {error}") from error
    if len(names) != 1 or not isinstance(names[0].value, str):
        raise MalformedKey("The certificate has no common name, or several")
    return names[0].value, key
