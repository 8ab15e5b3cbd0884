"""Who answers plain resolutions over the binary protocol: native code where it can, Python otherwise.

Native code answers when the register's index is the compiled one, the time is the machine's, and nobody has to see
each request. It is kept current here: which prefixes it may answer for, and the site's serial number.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from node.clock import SystemClock
from node.faces.handle_udp_native import HandleUdpNative, Settlement
from node.native.served import answerable
from node.ops.tallies import SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from node.clock import Clock
    from node.faces.handle_udp import HandleUdp
    from node.native.responder import Answers, Responder
    from node.ops.metrics import Metrics
    from node.service.authority import Authority
    from node.service.events import Observer
    from registry.native.core import SlotTable

_log = logging.getLogger(__name__)


class NativeAnswering:
    """Native answers for the binary faces of one node; `of` says whether there are any."""

    def __init__(self, slots: SlotTable, responder: Responder, stream: Answers) -> None:
        self.stream = stream
        """Answers runs of plain resolutions in the bytes of a connection."""
        self._responder = responder
        self._authority: Authority | None = None
        self._excepted: tuple[Callable[[bytes], bool], ...] = ()
        self._stale = False
        slots.segments.quiesce = responder.quiesce

    @classmethod
    def of(
        cls, slots: SlotTable | None, clock: Clock, *, mark_truncated: bool
    ) -> NativeAnswering | None:
        """Return native answers over a register's compiled index; nothing when it or its time is another."""
        if slots is None or not isinstance(clock, SystemClock):
            return None
        from node.native.responder import Answers, Responder  # noqa: PLC0415  # may not be built

        return cls(
            slots,
            Responder(slots, SECONDS, mark_truncated=mark_truncated),
            Answers(slots, SECONDS, mark_truncated=False),
        )

    def udp_face(self, face: HandleUdp, threads: int) -> HandleUdpNative:
        """Return a face that puts so many native threads in front of the Python face."""
        return HandleUdpNative(face, self._responder, count=threads)

    def count_into(self, metrics: Metrics, udp: Observer, tcp: Observer) -> None:
        """Tell these observers what native code answered whenever counters are read."""
        metrics.settle_first(Settlement(self._responder, udp).settle)
        metrics.settle_first(Settlement(self.stream, tcp).settle)

    def begin(
        self, authority: Authority, site_serial: int, *excepted: Callable[[bytes], bool]
    ) -> None:
        """Answer from now on for the prefixes that live here, and follow their changes.

        ``excepted`` is what `answerable` asks about each prefix besides.
        """
        self._authority = authority
        self._excepted = excepted
        for each in (self._responder, self.stream):
            each.set_site_serial(site_serial)
        self._refresh()
        authority.watch(self._changed)

    def end(self) -> None:
        """Answer nothing more: the register is about to close."""
        self._authority = None
        self._refresh()

    def _changed(self) -> None:
        """Follow a change, or many that come together, in the next turn of the loop."""
        if not self._stale:
            self._stale = True
            asyncio.get_running_loop().call_soon(self._refresh)

    def _refresh(self) -> None:
        self._stale = False
        authority, prefixes = self._authority, frozenset[bytes]()
        if authority is not None:
            placed = authority.placed.__contains__
            prefixes = answerable(authority.homed, placed, *self._excepted)
        for each in (self._responder, self.stream):
            each.set_prefixes(prefixes)
        _log.debug("native answers below %d prefixes", len(prefixes))
