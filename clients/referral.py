"""Tells where a referral leads: which server of which site to ask next (handle-protocol.md §5 and §9)."""

from typing import TYPE_CHECKING, Final

from idnode.clients.errors import Referral
from idnode.registry.handle.names import complete
from idnode.registry.handle.types.hs_site import Site, decode_site, server_number
from idnode.registry.handle.wire.constants import InterfaceType, Transport
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from idnode.clients.answer import Answer

HOPS_MAX: Final = 4
"""Most referrals that are followed for one question."""

_SITE_TYPES: Final = ("HS_SITE", "HS_SITE.PREFIX", "HS_NA_DELEGATE")
_QUERIES: Final = (InterfaceType.QUERY, InterfaceType.BOTH)


def next_server(answer: "Answer", handle: bytes) -> tuple[str, int]:
    """Return host and port of the server that a referral names for a handle, as clients choose it.

    Raises:
        Referral: It names none that could be asked over TCP.

    """
    for value in answer.values:
        site = _site(value.data) if value.type.upper() in _SITE_TYPES else None
        if site is None or not site.servers:
            continue
        number = server_number(complete(handle), site.hash_option, len(site.servers))
        server = site.servers[number]
        for interface in server.interfaces:
            if interface.transport == Transport.TCP and interface.type in _QUERIES:
                return server.host, interface.port
    raise Referral(answer.response_code, "The referral names no server", answer)


def _site(data: bytes) -> Site | None:
    try:
        return decode_site(data)
    except ProtocolError:
        return None
