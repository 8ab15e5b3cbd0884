"""Data whose form is fixed by its type, both ways: HS_ADMIN, HS_VLIST, HS_SITE, HS_PUBKEY.

The ``…_object`` functions return the whole ``data`` member, or None when the bytes are not of that form (the
caller then shows them as plain data). The ``…_bytes`` functions read the ``value`` member.
"""

from typing import Any

from idnode.node.faces.handle_json import key_json, site_json
from idnode.node.faces.http.java_texts import parse
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.types.hs_admin import (
    AdminValue,
    decode_admin,
    encode_admin,
    permissions_bits,
    permissions_text,
)
from idnode.registry.handle.types.hs_vlist import Member, decode_vlist, encode_vlist
from idnode.registry.handle.wire.errors import ProtocolError


def admin_object(data: bytes) -> dict[str, Any] | None:
    """Return the ``data`` member of an HS_ADMIN value."""
    try:
        admin = decode_admin(data)
        value = {
            "handle": admin.handle.decode(),
            "index": admin.index,
            "permissions": permissions_text(admin.permissions),
        }
    except (ProtocolError, RegistryError, UnicodeDecodeError):
        return None
    if admin.legacy:
        value["legacyByteLength"] = True
    return {"format": "admin", "value": value}


def admin_bytes(found: Any) -> bytes:
    """Return the bytes of an administrator given as JSON.

    Raises:
        MalformedRequest: A member is missing or has another shape.
        ValueError, TypeError, KeyError: Likewise; the caller gives them their text.

    """
    if not isinstance(found, dict):
        raise parse("Expected JSON object")
    try:
        return encode_admin(
            AdminValue(
                permissions=permissions_bits(found["permissions"]),
                handle=found["handle"].encode(),
                index=int(found["index"]),
                legacy=bool(found.get("legacyByteLength", False)),
            )
        )
    except ProtocolError as error:
        raise parse(f"java.lang.IllegalArgumentException: {error}") from error


def vlist_object(data: bytes) -> dict[str, Any] | None:
    """Return the ``data`` member of an HS_VLIST value."""
    try:
        members = [
            {"handle": member.handle.decode(), "index": member.index}
            for member in decode_vlist(data)
        ]
    except (ProtocolError, RegistryError, UnicodeDecodeError):
        return None
    return {"format": "vlist", "value": members}


def vlist_bytes(found: Any) -> bytes:
    """Return the bytes of a group given as JSON.

    Raises:
        MalformedRequest: Not a list, or an index that does not fit.
        ValueError, TypeError, KeyError: A member has another shape; the caller gives it its text.

    """
    if not isinstance(found, list):
        raise parse("Expected JSON array")
    try:
        members = [Member(item["handle"].encode(), int(item["index"])) for item in found]
        return encode_vlist(members)
    except ProtocolError as error:
        raise parse(f"java.lang.IllegalArgumentException: {error}") from error


def site_object(data: bytes) -> dict[str, Any] | None:
    """Return the ``data`` member of an HS_SITE value."""
    value = site_json.site_object(data)
    return None if value is None else {"format": "site", "value": value}


def site_bytes(found: Any) -> bytes:
    """Return the bytes of a site given as JSON (errors as `site_json.site_bytes`)."""
    return site_json.site_bytes(found)


def key_object(data: bytes) -> dict[str, Any] | None:
    """Return the ``data`` member of an HS_PUBKEY value, if its key has a JSON form."""
    value = key_json.key_object(data)
    return None if value is None else {"format": "key", "value": value}


def key_bytes(found: Any) -> bytes:
    """Return the bytes of a key given as JSON (errors as `key_json.key_bytes`)."""
    return key_json.key_bytes(found)
