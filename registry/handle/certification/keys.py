"""Keys that sign and verify records: RSA and SM2, in PEM files, and fresh ones."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from idnode.registry.handle.certification.tokens import SigningKey, VerifyingKey
from idnode.registry.handle.crypto.sm2 import Sm2PublicKey
from idnode.registry.handle.crypto.sm2_private import Sm2PrivateKey
from idnode.registry.handle.proofs.private_keys import decode_private_key
from idnode.registry.handle.types.hs_pubkey import decode_public_key
from idnode.registry.handle.wire.errors import MalformedKey, ProtocolError, UnknownForm

KEY_BITS = 2048


def read_signing_key(pem: bytes) -> SigningKey:
    """Return the private key in a PEM text.

    Raises:
        ProtocolError: It holds none, or one that signs no records.

    """
    key = decode_private_key(pem)
    if not isinstance(key, RSAPrivateKey | Sm2PrivateKey):
        raise UnknownForm("key of signatures", type(key).__name__)
    return key


def read_verifying_key(pem: bytes) -> VerifyingKey:
    """Return the public key in a PEM text.

    Raises:
        ProtocolError: It holds none, or one that verifies no records.

    """
    try:
        key: object = decode_public_key(pem)
        if not isinstance(key, Sm2PublicKey):
            key = load_pem_public_key(pem)
    except ProtocolError:
        raise
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedKey(f"Not a public key in PEM that can be read: {error}") from error
    if not isinstance(key, RSAPublicKey | Sm2PublicKey):
        raise UnknownForm("key of signatures", type(key).__name__)
    return key


def pem_of(key: RSAPublicKey) -> bytes:
    """Return the PEM text of a public key."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def fresh_key() -> RSAPrivateKey:
    """Return a new key. Blocks."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def rsa_key_in(data: bytes) -> RSAPublicKey | None:
    """Return the RSA key in the data of an HS_PUBKEY value, None for a key of another kind.

    Raises:
        ProtocolError: It holds no key.

    """
    key = decode_public_key(data)
    return key if isinstance(key, RSAPublicKey) else None
