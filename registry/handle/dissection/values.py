"""Dissects value lists (handle-protocol.md §3.1); the data of secret keys is marked, private keys too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from idnode.registry.handle.types.hs_admin import decode_admin, permissions_text
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from idnode.registry.handle.dissection.fields import FieldReader

SECRET_TYPES: Final = (b"HS_SECKEY",)
"""Value types whose data nobody may see, and their sub-types (``HS_SECKEY.X``)."""

PRIVATE_MARKS: Final = (b"PRIVATE KEY", b"_PRIV_KEY")
"""What stands in private keys, whatever the type of the value that carries one."""

_PERMISSIONS: Final = (
    (8, "admin read"),
    (4, "admin write"),
    (2, "public read"),
    (1, "public write"),
)


def is_secret(value_type: bytes, data: bytes) -> bool:
    """Return whether the data of a value must not be shown."""
    folded = value_type.upper()
    return any(
        folded == secret or folded.startswith(secret + b".") for secret in SECRET_TYPES
    ) or any(mark in data for mark in PRIVATE_MARKS)


def read_value_list(reader: FieldReader) -> None:
    """Read a count and that many values."""
    for _number in range(reader.count("value count")):
        value = reader.group("value")
        try:
            text = _read_value(value)
        finally:
            reader.close(value)
        value.parent.text = text


def _read_value(reader: FieldReader) -> str:
    index = reader.integer("index", 4)
    reader.integer(
        "timestamp", 4, lambda at: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    )
    reader.integer("TTL type", 1, lambda kind: f"{kind} {'absolute' if kind == 1 else 'relative'}")
    reader.integer("TTL", 4, lambda ttl: f"{ttl} s", signed=True)
    reader.integer(
        "permissions",
        1,
        lambda bits: ", ".join(name for bit, name in _PERMISSIONS if bits & bit) or "none",
    )
    value_type = reader.string("type")
    _read_data(reader, value_type)
    for number in range(reader.count("reference count")):
        reader.string(f"reference {number} handle")
        reader.integer(f"reference {number} index", 4)
    return f"{index} {value_type.decode(errors='replace')}"


def _read_data(reader: FieldReader, value_type: bytes) -> None:
    size = int.from_bytes(reader.data[reader.at : reader.at + 4], "big")
    data = reader.data[reader.at + 4 : reader.at + 4 + size]
    if is_secret(value_type, data):
        reader.string("data", secret=True)
    elif value_type.upper() == b"HS_ADMIN":
        reader.string("data", show=_admin)
    else:
        reader.string("data")


def _admin(data: bytes) -> str:
    try:
        admin = decode_admin(data)
    except ProtocolError:
        return data.hex()
    handle = admin.handle.decode(errors="replace")
    return f"{admin.index}:{handle} {permissions_text(admin.permissions)}"
