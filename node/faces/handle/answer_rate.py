"""Answers a second to one network of sources, so that a forged source is not flooded through the node.

As name servers limit their responses: over the rate every other answer is dropped, and the others are cut to the
request's length and marked TRUNCATED, so that whoever really asks goes on over TCP. Networks (/24, /56) share
buckets by a secret hash; the table never grows. Loopback is not counted.
"""

from __future__ import annotations

import ipaddress
import secrets
from array import array
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BUCKETS: Final = 16_384
_V4_BITS: Final = 8
_V6_BITS: Final = 72


class AnswerRate:
    """Counts answers by source; ``per_second`` 0 counts none."""

    def __init__(self, per_second: int, elapsed: Callable[[], float]) -> None:
        self._per_second = per_second
        self._elapsed = elapsed
        self._secret = secrets.randbits(64)
        self._seconds = array("q", bytes(8 * BUCKETS))
        self._answers = array("q", bytes(8 * BUCKETS))

    def over(self, address: tuple[Any, ...]) -> int:
        """Count one answer; return by how many its network is over the rate in this second."""
        network = _network(str(address[0])) if self._per_second else None
        if network is None:
            return 0
        second = int(self._elapsed())
        bucket = hash((self._secret, network)) % BUCKETS
        if self._seconds[bucket] != second:
            self._seconds[bucket] = second
            self._answers[bucket] = 0
        self._answers[bucket] += 1
        return max(self._answers[bucket] - self._per_second, 0)


def _network(host: str) -> int | None:
    """Return the network of an address as a number, nothing for loopback."""
    address: Any = ipaddress.ip_address(host.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return None
    return int(address) >> (_V4_BITS if address.version == 4 else _V6_BITS)
