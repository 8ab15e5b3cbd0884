"""Host names in place of addresses in site records that are sent as JSON: looked up before the record is read.

The reference server asks its name server while it reads. Here nothing may wait then, so the names are found and
replaced first, for somebody who is known only, since a name server is asked on the client's behalf.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Final

from idnode.node.service.errors import AuthenticationNeeded
from idnode.registry.handle.types.hs_site_forms import host_names, with_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES_MAX: Final = 16
"""Most host names of one request that are looked up; the rest count as unknown."""

LOOKUP_SECONDS: Final = 5.0
"""Time for all of them together."""


async def replace_host_names(items: Any, *, known: bool) -> None:
    """Put addresses in the place of host names in the sites among these values; unknown names stay.

    Raises:
        AuthenticationNeeded: There are names, and nobody is ``known`` to ask.

    """
    sites = list(_sites_in(items))
    names = list(dict.fromkeys(name for site in sites for name in host_names(site)))
    if not names:
        return
    if not known:
        raise AuthenticationNeeded
    found: dict[str, str] = {}
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            for name in names[:NAMES_MAX]:
                found[name] = await address_of(name)
    except TimeoutError:
        pass  # what was not found in time is refused as unknown
    for site in sites:
        with_addresses(site, found)


async def address_of(name: str) -> str:
    """Return the first address of a host; the name itself if it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return name
    return str(found[0][4][0])


def _sites_in(items: Any) -> Iterator[Any]:
    for item in items if isinstance(items, list) else ():
        data = item.get("data") if isinstance(item, dict) else None
        if isinstance(data, dict) and str(data.get("format")).lower() == "site":
            yield data.get("value")
