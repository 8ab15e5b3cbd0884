"""Names under which a port that is bound to loopback may be spoken to.

A page in a browser can have its own name resolve to 127.0.0.1 and then ask such a port as if it were its own server
(DNS rebinding). The Host header tells: it carries the name that the page was loaded under.
"""

import ipaddress
from collections.abc import Container
from functools import lru_cache
from typing import Final

MISDIRECTED: Final = (
    "This port answers on loopback only: the Host header names another host (host_names)"
)


def _name_of(host: str) -> str:
    """Return the name in a Host header, without the port."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdecimal() or (":" in name and not name.endswith("]")):
        name = host
    return name.removeprefix("[").removesuffix("]").lower().rstrip(".")


@lru_cache(maxsize=256)
def is_loopback_host(host: str) -> bool:
    """Return whether a Host header, with or without a port, names this machine's loopback."""
    name = _name_of(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def misdirected(host: str | None, names: Container[str] = ()) -> bool:
    """Return whether a request to a port on loopback was meant for another host.

    Without a header it was not; ``names``, in lower case, are names of loopback, too.
    """
    return host is not None and not is_loopback_host(host) and _name_of(host) not in names
