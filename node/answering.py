"""Chooses who answers plain resolutions, over the binary protocol and as JSON: native code where it can, Python otherwise.

Native code answers when the register's index is the compiled one, the time is the machine's or a known offset from it, and nobody has to see
each request. It is kept current here: which prefixes it may answer for, and the site's serial number.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from idnode.node.browsers import plain_hosts
from idnode.node.faces.handle.limits import UdpLimits
from idnode.node.faces.handle.native.served import answerable
from idnode.node.faces.handle.udp_native import HandleUdpNative, NativeCountsReader
from idnode.node.faces.http.plain_gets import NativeSide
from idnode.node.faces.lending import Lender
from idnode.node.ops.counters import SECONDS
from idnode.registry.handle.clock import MovableClock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from idnode.node.faces.handle.native.responder import Answers, Responder
    from idnode.node.faces.handle.native.workers import Workers
    from idnode.node.faces.handle.tcp import HandleTcp
    from idnode.node.faces.handle.udp import HandleUdp
    from idnode.node.faces.handle_json.native.gets import PlainGets
    from idnode.node.interceptors.chain import Interceptors
    from idnode.node.ops.metrics import Metrics
    from idnode.node.service.events import Observer
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.settings import Settings
    from idnode.registry.embedded.native.core import SlotTable
    from idnode.registry.handle.clock import Clock
    from idnode.registry.overlay.computed import NativePrefix

_log = logging.getLogger(__name__)

_NATIVE_NEVER: Final = 2
"""How many of the exceptions hold also where native code computes: other servers answer, or a template does."""


def udp_limits(settings: Settings) -> UdpLimits:
    """Return the bounds of the UDP face that are set."""
    return UdpLimits(
        answer_bytes_max=settings.udp_answer_max, answers_per_second=settings.udp_answers_per_second
    )


class Answering:
    """The native part of the binary faces and of the JSON face of one node; without ``slots`` they do without it."""

    def __init__(
        self, slots: SlotTable | None, clock: Clock, settings: Settings, loans_max: int = 0
    ) -> None:
        """``loans_max``: how many connections threads may have at once."""
        self._responder: Responder | None = None
        self._native: tuple[Answers, ...] = ()
        self._gets: PlainGets | None = None
        self.http = NativeSide()
        """The native side of the HTTP connections."""
        self._authority: Authority | None = None
        self._excepted: tuple[Callable[[bytes], bool], ...] = ()
        self._computed: Mapping[bytes, NativePrefix] = {}
        self._stale = False
        self._movable: MovableClock | None = None
        self._workers: Workers | None = None
        self._lender: Lender | None = None
        self._natively = False
        self._ended = False
        if slots is None or not isinstance(clock, SystemClock | MovableClock):
            if settings.workers > 1:
                _log.warning(
                    "workers = %d: the event loop answers alone; threads need the compiled core and the embedded "
                    "register",
                    settings.workers,
                )
            return
        from idnode.node.faces.handle.native.responder import (  # noqa: PLC0415  # may not be built
            Answers,
            Responder,
        )

        self._responder = Responder(
            slots,
            SECONDS,
            mark_truncated=settings.truncated_flag,
            datagram_answer_max=settings.udp_answer_max,
            answers_per_second=settings.udp_answers_per_second,
        )
        self._native = (Answers(slots, SECONDS), self._responder)
        if settings.recursive_root is None:  # its answers say how fresh they are
            from idnode.node.faces.handle_json.native.gets import (  # noqa: PLC0415  # may not be built
                PlainGets,
            )

            self._gets = PlainGets(slots, SECONDS)
            self._gets.admit(plain_hosts(settings))
            self._native += (self._gets,)
        slots.segments.quiesce = self._quiesce
        if settings.workers > 1:
            from idnode.node.faces.handle.native.workers import (  # noqa: PLC0415  # may not be built
                Workers,
            )

            on_streams = [each for each in self._native if each is not self._responder]
            self._workers = Workers(on_streams, loans_max)
            self._lender = Lender(self._workers, settings.workers)
        if isinstance(clock, MovableClock):
            self._movable = clock
            clock.watch(self.follow_clock)

    def join(  # noqa: PLR0913, PLR0917  # called once, by the composition root
        self,
        tcp: HandleTcp,
        udp: HandleUdp,
        threads: int,
        metrics: Metrics,
        observers: tuple[Observer, ...],
        interceptors: Interceptors,
    ) -> HandleUdp | HandleUdpNative:
        """Let the TCP and the JSON face answer runs natively, and return the UDP face with so many threads in front.

        ``observers`` of the TCP, UDP and JSON faces are told what native code answered whenever the metrics are read. While
        ``interceptors`` must see plain successes all answer in Python; otherwise they leave so many that are not found to Python as
        the interceptors need to see.
        """
        if self._responder is None:
            return udp
        for counted, observer in zip(self._native, observers, strict=False):
            metrics.flush_first(NativeCountsReader(counted, observer).flush)
        face = HandleUdpNative(udp, self._responder, count=threads) if threads else udp

        def switch() -> None:
            natively = not interceptors.sees_plain_successes
            for each in self._native:
                each.leave_missing(interceptors.not_found_per_second)
            tcp.native = self._native[0] if natively else None
            self.http.native = self._gets if natively else None
            self._natively = natively
            self._lend()
            if isinstance(face, HandleUdpNative):
                face.answer_natively(natively=natively)

        tcp.lender = self._lender
        self.http.lender = self._lender if self._gets is not None else None
        interceptors.watch(switch)
        return face

    def _lend(self) -> None:
        """Have threads answer on connections, or take all back: who has to see each request sees it from now on."""
        if self._lender is None:
            return
        even = self._movable is None or self._movable.state().speed == 1.0
        if self._natively and even and not self._ended:
            self._lender.begin()
        else:
            self._lender.end()

    def _quiesce(self) -> None:
        """Return once no native thread holds memory that is not shown any more."""
        for each in (self._responder, self._workers):
            if each is not None:
                each.quiesce()

    def begin(
        self, authority: Authority, site_serial: int, *excepted: Callable[[bytes], bool]
    ) -> None:
        """Answer from now on for the prefixes that live here, and follow their changes.

        ``excepted`` is what `answerable` asks about each prefix besides; such prefixes need `compute`.
        """
        self._authority = authority
        self._excepted = (
            authority.placed.__contains__,
            authority.namespaces.templated,
            *excepted,
        )
        for each in self._native:
            each.set_site_serial(site_serial)
        self._refresh()
        authority.watch(self._changed)

    def follow_clock(self) -> None:
        """Have native code show the time of a clock that was moved; again each second while it runs unevenly."""
        if self._responder is None or self._movable is None:
            return
        offset = self._movable.state().offset
        self._responder.set_clock_offset(round(offset))
        if self._workers is not None:
            self._workers.set_clock_offset(round(offset * 1e9))
            self._lend()

    @property
    def native(self) -> bool:
        """Return whether native code answers at all."""
        return bool(self._native)

    @property
    def answered(self) -> int:
        """Return how many plain resolutions native code has answered."""
        return sum(sum(counts) for each in self._native for counts in each.volume().values())

    def unseen(self) -> int:
        """Return how many resolutions that find nothing no interceptor saw, since enough had been seen."""
        return sum(each.unseen() for each in self._native)

    def compute(self, enterprises: Mapping[bytes, NativePrefix]) -> None:
        """Answer from now on also below these folded prefixes, with what is computed where nothing is written."""
        self._computed = enterprises
        self._refresh()

    def stop_lending(self) -> None:
        """Take every connection back for good: they are about to be closed."""
        self._ended = True
        self._lend()

    @property
    def lent(self) -> int:
        """Return how many connections threads answer on now."""
        return 0 if self._lender is None else len(self._lender)

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
            if prefix in homed and not any(has(prefix) for has in self._excepted[:_NATIVE_NEVER])
        ]
        for each in self._native:
            each.set_prefixes(prefixes, computed)
