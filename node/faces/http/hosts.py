"""Who may speak to a port that is bound to loopback: only what calls it by a name of loopback.

A page in a browser can have its own name resolve to 127.0.0.1 and then ask this port as if it were its own server
(DNS rebinding). The Host header tells: it carries the name that the page was loaded under.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

from idnode.node.faces.http.replies import status_response

if TYPE_CHECKING:
    from aiohttp import web


@lru_cache(maxsize=256)
def is_loopback_host(host: str) -> bool:
    """Return whether a Host header, with or without a port, names this machine's loopback."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdecimal() or (":" in name and not name.endswith("]")):
        name = host
    name = name.removeprefix("[").removesuffix("]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def misdirected(host: str | None) -> bool:
    """Return whether a request to a port on loopback was meant for another name; none at all is loopback."""
    return host is not None and not is_loopback_host(host)


def refusal() -> web.Response:
    """Return the answer to such a request."""
    return status_response(
        403, "This port answers on loopback only: the Host header names another host"
    )
