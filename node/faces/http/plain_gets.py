"""Plain GETs of one record in the bytes of an HTTP connection, answered in one go by native code.

A run ends with the first request that native code leaves alone; that one and what follows it are aiohttp's. So is
everything that came together with anything else than whole plain GETs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from idnode.node.faces.lending import Lender

PLAIN_START: Final = b"GET /api/handles/"
"""How every such request begins."""


class NativeGets(Protocol):
    """The native answers, as `idnode.node.faces.handle_json.native.gets.PlainGets` has them."""

    def answer_gets(self, data: bytes, now: int, waited: float, /) -> tuple[bytes, int]:
        """Return answers, and the bytes of the requests answered.

        ``now`` is in epoch seconds. The requests waited so many seconds before they were read.
        """
        ...


class NativeSide:
    """The native side of a node's HTTP connections: `native` answers while nobody has to see each request.

    ``lender`` lends those that ask for nothing else to threads, where there are such.
    """

    __slots__ = ("lender", "native")

    def __init__(self) -> None:
        self.native: NativeGets | None = None
        self.lender: Lender | None = None
