"""Who answers plain resolutions over the binary protocol: native code where it can, Python otherwise.

Native code answers when the register's index is the compiled one, the time is the machine's, and nobody has to see
each request. It is kept current here: which prefixes it may answer for, and the site's serial number.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from idnode.node.faces.handle.limits import UdpLimits
from idnode.node.faces.handle.native.served import answerable
from idnode.node.faces.handle.udp_native import HandleUdpNative, NativeCountsReader
from idnode.node.ops.counters import SECONDS
from idnode.registry.handle.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from idnode.node.faces.handle.native.responder import Answers, Responder
    from idnode.node.faces.handle.tcp import HandleTcp
    from idnode.node.faces.handle.udp import HandleUdp
    from idnode.node.ops.metrics import Metrics
    from idnode.node.service.events import Observer
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.settings import Settings
    from idnode.registry.datasets.suzhou.native import NativeEnterprise
    from idnode.registry.embedded.native.core import SlotTable
    from idnode.registry.handle.clock import Clock


def udp_limits(settings: Settings) -> UdpLimits:
    """Return the bounds of the UDP face that are set."""
    return UdpLimits(
        answer_bytes_max=settings.udp_answer_max, answers_per_second=settings.udp_answers_per_second
    )


class Answering:
    """The native part of the binary faces of one node; without ``slots`` they do without it."""

    def __init__(
        self, slots: SlotTable | None, clock: Clock, udp: UdpLimits, *, mark_truncated: bool
    ) -> None:
        self._responder: Responder | None = None
        self._native: tuple[Answers, ...] = ()
        self._authority: Authority | None = None
        self._excepted: tuple[Callable[[bytes], bool], ...] = ()
        self._computed: Mapping[bytes, NativeEnterprise] = {}
        self._stale = False
        if slots is None or not isinstance(clock, SystemClock):
            return
        from idnode.node.faces.handle.native.responder import (  # noqa: PLC0415  # may not be built
            Answers,
            Responder,
        )

        self._responder = Responder(
            slots,
            SECONDS,
            mark_truncated=mark_truncated,
            datagram_answer_max=udp.answer_bytes_max,
            answers_per_second=udp.answers_per_second,
        )
        self._native = (Answers(slots, SECONDS), self._responder)
        slots.segments.quiesce = self._responder.quiesce

    def join(
        self,
        tcp: HandleTcp,
        udp: HandleUdp,
        threads: int,
        metrics: Metrics,
        observers: tuple[Observer, Observer],
    ) -> HandleUdp | HandleUdpNative:
        """Let the TCP face answer runs natively, and return the UDP face with so many threads in front.

        ``observers`` of both faces are told what native code answered whenever the metrics are read.
        """
        if self._responder is None:
            return udp
        for counted, observer in zip(self._native, observers, strict=True):
            metrics.flush_first(NativeCountsReader(counted, observer).flush)
        tcp.native = self._native[0]
        return HandleUdpNative(udp, self._responder, count=threads) if threads else udp

    def begin(
        self, authority: Authority, site_serial: int, *excepted: Callable[[bytes], bool]
    ) -> None:
        """Answer from now on for the prefixes that live here, and follow their changes.

        ``excepted`` is what `answerable` asks about each prefix besides; such prefixes need `compute`.
        """
        self._authority = authority
        self._excepted = (authority.placed.__contains__, *excepted)
        for each in self._native:
            each.set_site_serial(site_serial)
        self._refresh()
        authority.watch(self._changed)

    @property
    def native(self) -> bool:
        """Whether native code answers at all."""
        return bool(self._native)

    def compute(self, enterprises: Mapping[bytes, NativeEnterprise]) -> None:
        """Answer from now on also below these folded prefixes, with what is computed where nothing is written."""
        self._computed = enterprises
        self._refresh()

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
        homed = frozenset() if self._authority is None else self._authority.homed
        prefixes = answerable(homed, *self._excepted)
        computed = [
            enterprise
            for prefix, enterprise in self._computed.items()
            if prefix in homed and not self._excepted[0](prefix)
        ]
        for each in self._native:
            each.set_prefixes(prefixes, computed)
