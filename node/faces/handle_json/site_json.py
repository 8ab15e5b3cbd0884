"""Site records as JSON: data of HS_SITE values and the body of ``/api/site`` (handle-http-api.md §6)."""

from typing import Any, Final

from idnode.node.faces.handle_json.key_json import key_bytes, key_object
from idnode.node.faces.http.java_texts import parse
from idnode.registry.handle.types import hs_site as wire
from idnode.registry.handle.wire.constants import InterfaceType, Transport
from idnode.registry.handle.wire.errors import ProtocolError

_TRANSPORTS: Final = {
    Transport.UDP: "UDP",
    Transport.TCP: "TCP",
    Transport.HTTP: "HTTP",
    Transport.HTTPS: "HTTPS",
}
_BY_TRANSPORT: Final = {name: number for number, name in _TRANSPORTS.items()}
_HASH_BY: Final = {"byprefix": 0, "bysuffix": 1, "byhandle": 2, "0": 0, "1": 1, "2": 2}


def site_object(data: bytes) -> dict[str, Any] | None:
    """Return the JSON form of a site record, None for data that is none."""
    try:
        site = wire.decode_site(data)
        found: dict[str, Any] = {
            "version": site.data_format_version,
            "protocolVersion": f"{site.protocol_major}.{site.protocol_minor}",
            "serialNumber": site.serial,
            "primarySite": bool(site.primary_mask & wire.PRIMARY),
            "multiPrimary": bool(site.primary_mask & wire.MULTI_PRIMARY),
        }
        if site.hash_option != wire.HASH_BY_WHOLE:
            found["hashOption"] = site.hash_option
        if site.hash_filter:
            found["hashFilter"] = site.hash_filter.decode()
        found["attributes"] = [
            {"name": name.decode(), "value": value.decode()} for name, value in site.attributes
        ]
        found["servers"] = [_server_object(server) for server in site.servers]
    except (ProtocolError, UnicodeDecodeError):
        return None
    return found


def _server_object(server: wire.Server) -> dict[str, Any]:
    found: dict[str, Any] = {"serverId": server.server_id, "address": server.host}
    key = key_object(server.public_key)
    if key is not None:
        found["publicKey"] = {"format": "key", "value": key}
    found["interfaces"] = [_interface_object(interface) for interface in server.interfaces]
    return found


def _interface_object(interface: wire.Interface) -> dict[str, Any]:
    return {
        "query": bool(interface.type & InterfaceType.QUERY),
        "admin": bool(interface.type & InterfaceType.ADMIN),
        "protocol": _TRANSPORTS.get(interface.transport, str(interface.transport)),
        "port": interface.port,
    }


def site_bytes(found: Any) -> bytes:
    """Return the site record given as JSON.

    Raises:
        MalformedRequest: A member has another shape.
        ValueError, TypeError, KeyError, AttributeError: Likewise; the caller gives them their text.

    """
    if not isinstance(found, dict):
        raise parse("Expected JSON object")
    major, _, minor = str(found.get("protocolVersion", "2.11")).partition(".")
    mask = wire.PRIMARY if found.get("primarySite", True) else 0
    mask |= wire.MULTI_PRIMARY if found.get("multiPrimary", False) else 0
    site = wire.Site(
        serial=int(found["serialNumber"]),
        servers=tuple([_server(item) for item in found["servers"]]),
        attributes=tuple(
            [
                (item["name"].encode(), item["value"].encode())
                for item in found.get("attributes", ())
            ]
        ),
        primary_mask=mask,
        hash_option=_HASH_BY[str(found.get("hashOption", wire.HASH_BY_WHOLE)).lower()],
        hash_filter=str(found.get("hashFilter", "")).encode(),
        protocol_major=int(major),
        protocol_minor=int(minor or 0),
        data_format_version=int(found.get("version", 1)),
    )
    return _encoded(site)


def _encoded(site: wire.Site) -> bytes:
    try:
        return wire.encode_site(site)
    except ProtocolError as error:
        raise parse(f"java.lang.IllegalArgumentException: {error}") from error


def _server(item: dict[str, Any]) -> wire.Server:
    key = item.get("publicKey")
    value = key.get("value") if isinstance(key, dict) else None
    try:
        address = wire.pack_address(str(item["address"]))
    except ProtocolError as error:
        raise parse(f"java.net.UnknownHostException: {str(item['address'])[:64]}") from error
    return wire.Server(
        server_id=int(item["serverId"]),
        address=address,
        public_key=b"" if value is None else key_bytes(value),
        interfaces=tuple([_interface(found) for found in item.get("interfaces", ())]),
    )


def _interface(item: dict[str, Any]) -> wire.Interface:
    query = InterfaceType.QUERY if item.get("query") else 0
    admin = InterfaceType.ADMIN if item.get("admin") else 0
    return wire.Interface(query | admin, _BY_TRANSPORT[item["protocol"]], int(item["port"]))
