"""Data of HS_SECKEY values: the secret itself, which is never shown to people (handle-protocol.md §3.5)."""

from typing import Final

from idnode.registry.handle.types.value_type import ValueType


def _secret_text(secret: bytes) -> str:
    return f"(secret of {len(secret)} bytes)"


TYPE: Final = ValueType("HS_SECKEY", decode=bytes, encode=bytes, text=_secret_text)
"""The row of HS_SECKEY."""
