"""An application identity for a load test: a key pair of its own, registered by the test's administrator."""

import secrets
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idnode.clients import web_blocking
from idnode.clients.idhub_requests import ApplicationIdentity
from idnode.registry.handle.model import HandleValue

_KEY_INDEX: Final = 300
_LABELS_OF_ENTERPRISE: Final = 3
_EXAMPLE: Final = "1"
"""What the example enterprise's prefix has behind the node's."""


def enterprise_prefix(administrator: str) -> str:
    """Return an enterprise prefix that an administrator's prefix handle is over: its own, or the example's."""
    prefix = administrator.partition("/")[2]
    is_enterprise = len(prefix.split(".")) >= _LABELS_OF_ENTERPRISE
    return prefix if is_enterprise else f"{prefix}.{_EXAMPLE}"


def register_application(client: web_blocking.Client, administrator: str) -> ApplicationIdentity:
    """Register a fresh application identity and return it with what signs for it.

    Raises:
        ClientError: The node refused.

    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    handle = f"{enterprise_prefix(administrator)}/App_load{secrets.token_hex(4)}"
    client.create(handle, [HandleValue(_KEY_INDEX, "HS_PUBKEY", public)])

    def sign(data: bytes) -> bytes:
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    return ApplicationIdentity(handle, sign)
