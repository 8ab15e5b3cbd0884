"""Shared by `idnode sign` and `idnode verify`: the keys in files."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from idnode.node.commands.failure import CommandFailed
from idnode.registry.handle.certification.tokens import SigningKey, VerifyingKey
from idnode.registry.handle.crypto.sm2 import Sm2PublicKey
from idnode.registry.handle.crypto.sm2_private import Sm2PrivateKey
from idnode.registry.handle.proofs.private_keys import decode_private_key
from idnode.registry.handle.types.hs_pubkey import decode_public_key
from idnode.registry.handle.wire.errors import ProtocolError


def signing_key(path: Path) -> SigningKey:
    """Return the private key of a PEM file.

    Raises:
        CommandFailed: It cannot be read, or is neither RSA nor SM2.

    """
    try:
        key = decode_private_key(path.read_bytes())
    except OSError as error:
        raise CommandFailed(f"--key {path}: {error.strerror}") from error
    except ProtocolError as error:
        raise CommandFailed(f"--key {path}: {error}") from error
    if not isinstance(key, RSAPrivateKey | Sm2PrivateKey):
        raise CommandFailed(f"--key {path}: only RSA and SM2 keys sign records")
    return key


def root_key(path: Path) -> VerifyingKey:
    """Return the public key of a PEM file.

    Raises:
        CommandFailed: It cannot be read, or is neither RSA nor SM2.

    """
    try:
        key = decode_public_key(path.read_bytes())
        if not isinstance(key, Sm2PublicKey):
            key = load_pem_public_key(path.read_bytes())  # type: ignore[assignment]
    except OSError as error:
        raise CommandFailed(f"--root {path}: {error.strerror}") from error
    except (ProtocolError, ValueError) as error:
        raise CommandFailed(f"--root {path}: {error}") from error
    if not isinstance(key, RSAPublicKey | Sm2PublicKey):
        raise CommandFailed(f"--root {path}: only RSA and SM2 keys are roots")
    return key
