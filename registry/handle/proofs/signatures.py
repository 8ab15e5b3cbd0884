"""Signatures by public keys: of challenges and of messages (handle-protocol.md §4 and §6.1).

The proof in a challenge answer is ``str hash name``, ``str signature``. RSA signs PKCS#1 v1.5,
DSA and ECDSA the plain way, and SM2 signs the SM3 digest of what is proven, with the signer's handle as
its user id.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from idnode.registry.handle.crypto import sm2
from idnode.registry.handle.crypto.sm2 import Sm2PublicKey
from idnode.registry.handle.types.hs_pubkey import DhPublicKey, PublicKey
from idnode.registry.handle.wire.credential import SIGNED, MessageCredential
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.errors import EncodingError, UnknownForm
from idnode.registry.handle.wire.versions import signature_hash, signed_bytes, version_of

SigningKey = RSAPrivateKey | DSAPrivateKey | EllipticCurvePrivateKey

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "MD5": hashes.MD5(),  # noqa: S303  # clients of version 2.0 sign with it
    "SHA1": hashes.SHA1(),  # noqa: S303
    "SHA256": hashes.SHA256(),
}


def _hash_named(name: str) -> hashes.HashAlgorithm:
    found = _HASHES.get(name.upper().replace("-", ""))
    if found is None:
        raise UnknownForm("signature hash", name)
    return found


def decode_proof(proof: bytes) -> tuple[str, bytes]:
    """Return hash name and signature of a challenge answer's proof.

    Raises:
        FieldTooShort: A field reaches past the end.

    """
    reader = Reader(proof)
    return reader.string().decode("ascii", "replace"), reader.string()


def encode_proof(hash_name: str, signature: bytes) -> bytes:
    """Return the proof of a challenge answer."""
    return Writer().string(hash_name.encode()).string(signature).done()


def verify(
    key: PublicKey, hash_name: str, signature: bytes, data: bytes, *, signer: bytes = b""
) -> bool:
    """Return whether this is the key's signature of the data; SM2 needs the signer's handle.

    Raises:
        UnknownForm: A hash that is not known here, or does not go with the key.

    """
    if isinstance(key, Sm2PublicKey):
        if hash_name.upper() != "SM3":
            raise UnknownForm("signature hash", hash_name)
        return sm2.verify(key, signature, sm2.sm3(data), signer)
    if isinstance(key, DhPublicKey):
        raise UnknownForm("signing key", "Diffie-Hellman")
    algorithm = _hash_named(hash_name)
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, data, ECDSA(algorithm))
        else:
            key.verify(signature, data, algorithm)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(key: SigningKey, hash_name: str, data: bytes) -> bytes:
    """Return the key's signature of the data.

    Raises:
        EncodingError: No such hash.

    """
    try:
        algorithm = _hash_named(hash_name)
    except UnknownForm as error:
        raise EncodingError(str(error)) from error
    if isinstance(key, RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), algorithm)
    if isinstance(key, EllipticCurvePrivateKey):
        return key.sign(data, ECDSA(algorithm))
    return key.sign(data, algorithm)


def sign_message(key: SigningKey, envelope: Envelope, signed: bytes) -> MessageCredential:
    """Return the credential of a message by this key; ``signed`` is header and body as sent."""
    name = signature_hash(version_of(envelope), dsa=isinstance(key, DSAPrivateKey))
    signature = sign(key, name, signed_bytes(envelope, signed))
    return MessageCredential(SIGNED, name.encode(), signature)


def verify_message(
    key: PublicKey, envelope: Envelope, signed: bytes, credential: MessageCredential
) -> bool:
    """Return whether the credential is the key's signature of this message.

    Raises:
        UnknownForm: A hash that is not known here, or does not go with the key.

    """
    covered = signed_bytes(envelope, signed, credential.counter)
    name = credential.algorithm.decode("ascii", "replace")
    return verify(key, name, credential.signature, covered)
