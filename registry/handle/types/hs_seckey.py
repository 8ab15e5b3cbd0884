"""Data of HS_SECKEY values: the secret itself, which is never shown to people (handle-protocol.md §3.5)."""

from typing import Final

from idnode.registry.handle.model import PERMISSIONS_DEFAULT, Permission
from idnode.registry.handle.types.value_type import ValueType

_NAME: Final = b"HS_SECKEY"
_PRIVATE: Final = Permission.ADMIN_READ | Permission.ADMIN_WRITE


def default_permissions(value_type: bytes) -> int:
    """Return the permissions of a value that comes without any: secrets are not for everybody to read."""
    folded = value_type.upper()
    if folded == _NAME or folded.startswith(_NAME + b"."):
        return int(_PRIVATE)
    return PERMISSIONS_DEFAULT


def _secret_text(secret: bytes) -> str:
    return f"(secret of {len(secret)} bytes)"


TYPE: Final = ValueType("HS_SECKEY", decode=bytes, encode=bytes, text=_secret_text)
"""The row of HS_SECKEY."""
