"""Data whose form in JSON follows from its value type, read back into bytes (handle-http-api.md §5 and §6).

Servers show HS_ADMIN, HS_VLIST, HS_SITE and binary HS_PUBKEY data as JSON objects; `DATA_FORMS` turns each
back into the bytes that the record holds. Writing needs none of this: any data may be sent as base64.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final

from idnode.registry.handle.types import hs_site as wire
from idnode.registry.handle.types.hs_admin import AdminValue, encode_admin, permissions_bits
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist
from idnode.registry.handle.wire.constants import InterfaceType, Transport
from idnode.registry.handle.wire.cursor import Writer

_TRANSPORTS: Final = {
    "UDP": Transport.UDP,
    "TCP": Transport.TCP,
    "HTTP": Transport.HTTP,
    "HTTPS": Transport.HTTPS,
}
_RSA_SLACK: Final = bytes(4)
"""Follows RSA keys in the binary form (handle-protocol.md §3.5)."""


def _admin(found: Mapping[str, Any]) -> bytes:
    return encode_admin(
        AdminValue(
            permissions_bits(found["permissions"]),
            found["handle"].encode(),
            int(found["index"]),
            legacy=bool(found.get("legacyByteLength", False)),
        )
    )


def _vlist(found: list[Mapping[str, Any]]) -> bytes:
    return encode_vlist(
        [Member(member["handle"].encode(), int(member["index"])) for member in found]
    )


def _number(text: str) -> bytes:
    number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return b"\0" + number if number[:1] >= b"\x80" else number


def _key(found: Mapping[str, Any]) -> bytes:
    names = {"RSA": "en", "DSA": "qpgy"}[found["kty"]]
    writer = Writer().string(f"{found['kty']}_PUB_KEY".encode()).u2(0)
    for name in names:
        writer.string(_number(found[name]))
    return writer.raw(_RSA_SLACK if found["kty"] == "RSA" else b"").done()


def _site(found: Mapping[str, Any]) -> bytes:
    major, _, minor = str(found["protocolVersion"]).partition(".")
    mask = wire.PRIMARY if found["primarySite"] else 0
    mask |= wire.MULTI_PRIMARY if found["multiPrimary"] else 0
    return wire.encode_site(
        wire.Site(
            serial=int(found["serialNumber"]),
            servers=tuple([_server(server) for server in found["servers"]]),
            attributes=tuple(
                [(each["name"].encode(), each["value"].encode()) for each in found["attributes"]]
            ),
            primary_mask=mask,
            hash_option=int(found.get("hashOption", wire.HASH_BY_WHOLE)),
            hash_filter=str(found.get("hashFilter", "")).encode(),
            protocol_major=int(major),
            protocol_minor=int(minor),
            data_format_version=int(found["version"]),
        )
    )


def _server(found: Mapping[str, Any]) -> wire.Server:
    return wire.Server(
        int(found["serverId"]),
        wire.pack_address(found["address"]),
        _key(found["publicKey"]["value"]) if "publicKey" in found else b"",
        tuple([_interface(interface) for interface in found["interfaces"]]),
    )


def _interface(found: Mapping[str, Any]) -> wire.Interface:
    kind = InterfaceType.QUERY if found["query"] else 0
    kind |= InterfaceType.ADMIN if found["admin"] else 0
    return wire.Interface(kind, _TRANSPORTS[found["protocol"]], int(found["port"]))


DATA_FORMS: Final[dict[str, Callable[[Any], bytes]]] = {
    "string": str.encode,
    "base64": lambda found: base64.b64decode(found, validate=True),
    "hex": binascii.unhexlify,
    "admin": _admin,
    "vlist": _vlist,
    "site": _site,
    "key": _key,
}
"""Reader of each ``format``; on JSON of another shape they raise the exceptions of the operations on it."""
