"""Site records as JSON and for people: data of HS_SITE values, the body of ``/api/site``, a server's ``siteinfo.json`` (handle-http-api.md §6).

Written in one form, read in all that the reference server reads: keys in any format of data, attributes as a list
or as an object, and the older form with capitals (``ServerList``, ``Address``, ``Port``). A host name in place
of an address is for whoever may ask a name server (`host_names`, `with_addresses`); here only ``localhost`` is known.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from idnode.registry.handle.printing import printable
from idnode.registry.handle.types import hs_pubkey_forms
from idnode.registry.handle.types.hs_site import (
    HASH_BY_WHOLE,
    MULTI_PRIMARY,
    PRIMARY,
    Interface,
    Server,
    Site,
    decode_site,
    encode_site,
    pack_address,
)
from idnode.registry.handle.types.json_reading import (
    PLAIN_FORMATS,
    JsonObject,
    MalformedJson,
    base64_object,
    bytes_of,
    data_bytes,
    hex_bytes,
    integer_of,
    items_of,
    member,
    object_of,
    text_of,
    truth_of,
)
from idnode.registry.handle.types.value_type import JsonForm, ValueType
from idnode.registry.handle.wire.constants import BEST_VERSION, InterfaceType, Transport

_TRANSPORTS: Final = {
    Transport.UDP: "UDP",
    Transport.TCP: "TCP",
    Transport.HTTP: "HTTP",
    Transport.HTTPS: "HTTPS",
}
_BY_TRANSPORT: Final = {name: int(number) for number, name in _TRANSPORTS.items()}
_KEY_FORMATS: Final = {**PLAIN_FORMATS, "key": hs_pubkey_forms.key_bytes}
_CAPITALS: Final = ("ServerList", "Address", "Port")
"""Members by which the older form is known."""

_BYTE_MAX: Final = 127


def site_json(site: Site) -> JsonObject:
    """Return a site record as JSON."""
    found: JsonObject = {
        "version": site.data_format_version,
        "protocolVersion": f"{site.protocol_major}.{site.protocol_minor}",
        "serialNumber": site.serial,
        "primarySite": bool(site.primary_mask & PRIMARY),
        "multiPrimary": bool(site.primary_mask & MULTI_PRIMARY),
    }
    if site.hash_option != HASH_BY_WHOLE:
        found["hashOption"] = site.hash_option
    if site.hash_filter:
        found["hashFilter"] = site.hash_filter.decode()
    found["attributes"] = [
        {"name": name.decode(), "value": value.decode()} for name, value in site.attributes
    ]
    found["servers"] = [_server_json(server) for server in site.servers]
    return found


def _server_json(server: Server) -> JsonObject:
    key = hs_pubkey_forms.TYPE.data_object(server.public_key) or base64_object(server.public_key)
    return {
        "serverId": server.server_id,
        "address": server.host,
        "publicKey": key,
        "interfaces": [_interface_json(each) for each in server.interfaces],
    }


def _interface_json(interface: Interface) -> JsonObject:
    return {
        "query": bool(interface.type & InterfaceType.QUERY),
        "admin": bool(interface.type & InterfaceType.ADMIN),
        "protocol": _TRANSPORTS.get(interface.transport, interface.transport),
        "port": interface.port,
    }


def site_from_json(found: Any) -> Site:
    """Return the site record given as JSON; members that are left out have the reference server's defaults.

    Raises:
        MalformedJson: A member has another shape, or an address is an unknown host name.

    """
    site = _uncapitalised(object_of(found))
    read = _Members(site)
    major, minor = _version(site)
    mask = PRIMARY if read.truth("primarySite") else 0
    mask |= MULTI_PRIMARY if read.truth("multiPrimary") else 0
    return Site(
        serial=read.integer("serialNumber", 0),
        servers=tuple([_server(each) for each in items_of(_servers_in(site))]),
        attributes=tuple(_attributes(site["attributes"])) if "attributes" in site else (),
        primary_mask=mask,
        hash_option=read.integer("hashOption", HASH_BY_WHOLE),
        hash_filter=bytes_of(site["hashFilter"]) if "hashFilter" in site else b"",
        protocol_major=major,
        protocol_minor=minor,
        data_format_version=read.integer("version", 1),
    )


class _Members:
    """Members of an object that may be left out."""

    def __init__(self, found: JsonObject) -> None:
        self._found = found

    def integer(self, name: str, otherwise: int) -> int:
        return integer_of(self._found[name], 0) if name in self._found else otherwise

    def truth(self, name: str) -> bool:
        return truth_of(self._found[name]) if name in self._found else False


def _uncapitalised(found: JsonObject) -> JsonObject:
    if not any(name in found for name in _CAPITALS):
        return found
    return {name[:1].lower() + name[1:]: value for name, value in found.items()}


def _servers_in(site: JsonObject) -> Any:
    return site["servers"] if "servers" in site else site.get("serverList")


def _version(site: JsonObject) -> tuple[int, int]:
    if "protocolVersion" not in site:
        return BEST_VERSION
    major, point, minor = text_of(site["protocolVersion"]).partition(".")
    if not point:
        raise MalformedJson(
            "java.lang.StringIndexOutOfBoundsException: String index out of range: -1"
        )
    return integer_of(major, 0, _BYTE_MAX), integer_of(minor, 0, _BYTE_MAX)


def _attributes(found: Any) -> Iterator[tuple[bytes, bytes]]:
    if isinstance(found, list):
        for each in map(object_of, found):
            yield bytes_of(member(each, "name")), bytes_of(member(each, "value"))
        return
    for name, value in object_of(found).items():
        for each in value if isinstance(value, list) else [value]:
            yield bytes_of(name), bytes_of(each)


def _server(found: Any) -> Server:
    given = object_of(found)
    server = _uncapitalised(given)
    interfaces = server["interfaces"] if "interfaces" in server else server.get("interfaceList")
    key = server.get("publicKey")
    if server is not given and not isinstance(key, dict | None):
        # The older form has keys as hexadecimal digits.
        public_key = hex_bytes(key)
    else:
        public_key = data_bytes(key, _KEY_FORMATS)
    return Server(
        server_id=integer_of(member(server, "serverId", "getAsInt")),
        address=_address(text_of(member(server, "address"))),
        public_key=public_key,
        interfaces=tuple([_interface(each) for each in items_of(interfaces)]),
    )


def _interface(found: Any) -> Interface:
    interface = _uncapitalised(object_of(found))
    query = InterfaceType.QUERY if truth_of(member(interface, "query", "getAsBoolean")) else 0
    admin = InterfaceType.ADMIN if truth_of(member(interface, "admin", "getAsBoolean")) else 0
    transport = member(interface, "protocol")
    known = _BY_TRANSPORT.get(text_of(transport))
    return Interface(
        query | admin,
        integer_of(transport, 0, _BYTE_MAX) if known is None else known,
        integer_of(member(interface, "port", "getAsInt")),
    )


def _address(host: str) -> bytes:
    known = _literal(host)
    if known is None:
        raise MalformedJson(f"java.net.UnknownHostException: {host[:64]}")
    return pack_address(known)


def _literal(host: str) -> str | None:
    """Return the address that a host is without asking anybody, or None."""
    if host in {"", "localhost"}:
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def host_names(found: Any) -> list[str]:
    """Return the host names among the addresses of a site given as JSON, whatever else its shape."""
    names = [address for _, _, address in _addresses(found)]
    return list(dict.fromkeys(name for name in names if _literal(name) is None))


def with_addresses(found: Any, addresses: Mapping[str, str]) -> None:
    """Put addresses in the place of host names in a site given as JSON; unknown names stay."""
    for server, name, address in _addresses(found):
        server[name] = addresses.get(address, address)


def _addresses(found: Any) -> Iterator[tuple[JsonObject, str, str]]:
    servers = _servers_in(_uncapitalised(found)) if isinstance(found, dict) else None
    for server in servers if isinstance(servers, list) else ():
        for name in ("address", "Address"):
            if isinstance(server, dict) and isinstance(server.get(name), str):
                yield server, name, server[name]


def _text(site: Site) -> str:
    """Return a site as ``primary serial 1 v2.11; server 1 at 127.0.0.1: tcp/2641 query+admin``."""
    kind = "primary" if site.primary else "mirror"
    parts = [f"{kind} serial {site.serial} v{site.protocol_major}.{site.protocol_minor}"]
    parts += [f'{_shown(name)}="{_shown(text)}"' for name, text in site.attributes]
    for server in site.servers:
        interfaces = " ".join(map(_interface_text, server.interfaces))
        parts.append(f"server {server.server_id} at {server.host}: {interfaces or 'no interface'}")
    return "; ".join(parts)


def _shown(text: bytes) -> str:
    return printable(text.decode(errors="replace"))


def _interface_text(interface: Interface) -> str:
    bits = ((InterfaceType.QUERY, "query"), (InterfaceType.ADMIN, "admin"))
    names = [name for bit, name in bits if interface.type & bit]
    transport = _TRANSPORTS.get(interface.transport, str(interface.transport)).lower()
    return f"{transport}/{interface.port}({'+'.join(names) or 'disabled'})"


TYPE: Final = ValueType(
    "HS_SITE", decode_site, encode_site, _text, JsonForm("site", site_json, site_from_json)
)
"""The row of HS_SITE and of HS_SITE.PREFIX below it."""

DELEGATE_TYPE: Final = replace(TYPE, name="HS_NA_DELEGATE")
"""The row of HS_NA_DELEGATE, the older name of HS_SITE.PREFIX."""
