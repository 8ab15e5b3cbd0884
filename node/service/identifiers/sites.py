"""Site records as places: is a server among them this node, and which server answers for a handle.

Clients choose the server of a site by a hash of the handle (handle-protocol.md §9); the same rule tells a
node which handles are its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from idnode.registry.handle import names, values
from idnode.registry.handle.types.hs_site import decode_site, server_number
from idnode.registry.handle.wire.constants import InterfaceType, Transport
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from idnode.registry.handle.types.hs_site import Server, Site


@dataclass(frozen=True, slots=True)
class Placement:
    """Tells where the handles of a prefix are that lives here, if not all of them are here.

    ``sites`` are its HS_SITE values, packed. ``elsewhere``: none of their servers is this node. Otherwise
    it is each server of ``numbers`` of ``servers``, and has the handles whose hash says so: nodes on one register
    have one key and are one server as far as this goes.
    """

    sites: bytes
    elsewhere: bool
    hash_option: int = 0
    numbers: frozenset[int] = frozenset()
    servers: int = 1

    def is_here(self, handle: bytes) -> bool:
        """Return whether this node answers for a complete handle."""
        if self.elsewhere:
            return False
        return server_number(handle, self.hash_option, self.servers) in self.numbers


def placement_of(sites: bytes, own: Server) -> Placement | None:
    """Return where handles are by these packed HS_SITE values; nothing if all of them are here.

    Values that are no site records count for nothing: a prefix without any site is answered here.
    """
    found = [site for site in map(_site, _datas(sites)) if site is not None and site.servers]
    if not found:
        return None
    for site in found:
        numbers = frozenset(
            number for number, server in enumerate(site.servers) if is_same_server(server, own)
        )
        if len(numbers) == len(site.servers):
            return None
        if numbers:
            return Placement(
                sites,
                elsewhere=False,
                hash_option=site.hash_option,
                numbers=numbers,
                servers=len(site.servers),
            )
    return Placement(sites, elsewhere=True)


def is_same_server(one: Server, other: Server) -> bool:
    """Return whether two descriptions mean one server: one key, or an address and port in common."""
    if one.public_key and one.public_key == other.public_key:
        return True
    ports = {(each.transport, each.port) for each in one.interfaces}
    return one.address == other.address and any(
        (each.transport, each.port) in ports for each in other.interfaces
    )


def http_base_of(sites: bytes, handle: bytes) -> str | None:
    """Return the ``http://host:port`` of the server that has a handle by these packed values, if one names a port."""
    for site in filter(None, map(_site, _datas(sites))):
        if not site.servers:
            continue
        number = server_number(names.complete(handle), site.hash_option, len(site.servers))
        server = site.servers[number]
        for interface in server.interfaces:
            if interface.transport == Transport.HTTP and interface.type != InterfaceType.DISABLED:
                host = f"[{server.host}]" if ":" in server.host else server.host
                return f"http://{host}:{interface.port}"
    return None


def addresses_of(sites: bytes) -> list[str]:
    """Return ``host:port`` of each server that these packed values name, by the first port of each."""
    found = []
    for server in (s for site in filter(None, map(_site, _datas(sites))) for s in site.servers):
        host = f"[{server.host}]" if ":" in server.host else server.host
        found += [f"{host}:{interface.port}" for interface in server.interfaces[:1]]
    return found


def _datas(sites: bytes) -> list[bytes]:
    return [values.data_of(sites, span) for span in values.spans(sites)]


def _site(data: bytes) -> Site | None:
    try:
        return decode_site(data)
    except ProtocolError:
        return None
