"""Places to ask: what the servers of site records are to a client that follows referrals (handle-protocol.md §9)."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from idnode.registry.handle.names import complete
from idnode.registry.handle.printing import printable
from idnode.registry.handle.types.hs_site import (
    HASH_BY_PREFIX,
    HASH_BY_SUFFIX,
    Site,
    decode_site,
    server_number,
)
from idnode.registry.handle.wire.constants import InterfaceType, Transport
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idnode.registry.handle.model import HandleValue
    from idnode.registry.handle.types.hs_site import Server

NODE_ATTRIBUTE: Final = b"node"
ROLE_ATTRIBUTE: Final = b"role"
"""Attributes of a site record that say what a node of a tree is called, and what it is there."""

SITE_TYPES: Final = ("HS_SITE", "HS_SITE.6", "HS_SITE.PREFIX", "HS_NA_DELEGATE")
SERVICE_TYPES: Final = ("HS_SERV", "HS_SERV.PREFIX")

_QUERIES: Final = (InterfaceType.QUERY, InterfaceType.BOTH)
_PARTS: Final = {HASH_BY_PREFIX: "the prefix", HASH_BY_SUFFIX: "the suffix"}


@dataclass(frozen=True, slots=True)
class Place:
    """One server, and by which rule it was chosen; a port is None where it has no such interface."""

    host: str
    udp: int | None = None
    tcp: int | None = None
    http: int | None = None
    node: str = ""
    role: str = ""
    rule: str = ""
    alone: bool = True
    """Whether its site has no other server, so that it has every handle of the prefix."""

    @property
    def http_base(self) -> str | None:
        """The URL of the HTTP port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return None if self.http is None else f"http://{host}:{self.http}"

    @property
    def port(self) -> int | None:
        """The port of the binary protocol."""
        return self.tcp or self.udp

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port or self.http}"


def places_of(values: "Iterable[HandleValue]", handle: bytes) -> list[Place]:
    """Return the servers to ask for a handle, one of each site that these values hold, in their order."""
    found = []
    for value in values:
        site = _site(value.data) if value.type.upper() in SITE_TYPES else None
        if site is not None and site.servers:
            found.append(place_in(site, handle, f"{printable(value.type)} at {value.index}"))
    return [place for place in found if place.port is not None or place.http is not None]


def every_place(values: "Iterable[HandleValue]") -> list[Place]:
    """Return every server of the first site that these values hold."""
    for value in values:
        site = _site(value.data) if value.type.upper() in SITE_TYPES else None
        if site is not None and site.servers:
            return [
                place_in(replace(site, servers=(server,)), b"", f"server {number}")
                for number, server in enumerate(site.servers, start=1)
            ]
    return []


def place_in(site: Site, handle: bytes, told_by: str) -> Place:
    """Return the server of a site that a handle is to be asked for at."""
    rule = told_by
    number = 0
    count = len(site.servers)
    if count > 1:
        number = server_number(complete(handle), site.hash_option, count)
        part = _PARTS.get(site.hash_option, "the whole handle")
        rule = f"{told_by}, server {number + 1} of {count} by the hash of {part}"
    server = site.servers[number]
    attributes = dict(site.attributes)
    return Place(
        server.host,
        _port(server, Transport.UDP),
        _port(server, Transport.TCP),
        _port(server, Transport.HTTP),
        _text(attributes.get(_numbered(number), attributes.get(NODE_ATTRIBUTE, b""))),
        _text(attributes.get(ROLE_ATTRIBUTE, b"")),
        rule,
        count == 1,
    )


def _numbered(number: int) -> bytes:
    """Return the attribute that names a server of several, which are numbered from 1 there."""
    return b"%b.%d" % (NODE_ATTRIBUTE, number + 1)


def _port(server: "Server", transport: int) -> int | None:
    for interface in server.interfaces:
        if interface.transport == transport and interface.type in _QUERIES:
            return interface.port
    return None


def _text(data: bytes) -> str:
    return printable(data.decode(errors="replace"))


def _site(data: bytes) -> Site | None:
    try:
        return decode_site(data)
    except ProtocolError:
        return None
