"""Private keys as clients keep them: PEM text of RSA, DSA, elliptic-curve and SM2 keys, or files of Handle.Net's."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from idnode.registry.handle.crypto import sm2_private
from idnode.registry.handle.crypto.sm2_private import Sm2PrivateKey
from idnode.registry.handle.proofs.key_files import decode_key_file, is_key_file
from idnode.registry.handle.wire.errors import MalformedKey, UnknownForm
from idnode.registry.handle.wire.versions import Version, signature_hash

PrivateKey = RSAPrivateKey | DSAPrivateKey | EllipticCurvePrivateKey | Sm2PrivateKey


def decode_private_key(text: bytes, passphrase: bytes | None = None) -> PrivateKey:
    """Return the key in a PEM text (PKCS#8, or the older forms that openssl writes), or in a file of Handle.Net's.

    A key under a passphrase needs it; SM2 keys are read without one only.

    Raises:
        MalformedKey: The text holds no key, or one under another passphrase.
        UnknownForm: A key that signs nothing in this protocol.
        ProtocolError: A file of Handle.Net's is broken.

    """
    if is_key_file(text):
        return decode_key_file(text, passphrase)
    try:
        key = sm2_private.decode_pem(text) or load_pem_private_key(text, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        said = str(error).partition(".")[0]
        raise MalformedKey(f"Not a private key that can be read: {said}") from error
    if not isinstance(key, PrivateKey):
        raise UnknownForm("private key type", type(key).__name__)
    return key


def challenge_hash(key: PrivateKey, version: Version) -> str:
    """Return the name of the hash with which a key answers a challenge (handle-protocol.md §6.1)."""
    if isinstance(key, Sm2PrivateKey):
        return "SM3"
    return signature_hash(version, dsa=isinstance(key, DSAPrivateKey))
