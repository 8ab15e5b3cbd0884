"""The interceptor that injects faults.

For each request the first fault strikes that matches it and whose time has come. A strike is told in the journal, in the
header ``X-Idnode-Fault`` of HTTP answers, and in a counter; never in bytes that a binary client would not expect.
"""

from __future__ import annotations

import logging
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Final

from idnode.node.interceptors.actions import Send
from idnode.node.interceptors.chain import Interceptor
from idnode.node.interceptors.exchange import FAULT, HttpAnswer, HttpRequest
from idnode.node.interceptors.exchange import FAULT_HEADER as HEADER
from idnode.node.interceptors.faults.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from idnode.node.interceptors.actions import Plan
    from idnode.node.interceptors.exchange import Exchange
    from idnode.node.interceptors.faults.fault import Fault
    from idnode.node.interceptors.faults.handshake import CertificateAction
    from idnode.registry.handle.clock import Clock

_log = logging.getLogger(__name__)

_HEADER: Final = HEADER.lower()
_STRIKING: Final = "fault striking"
_DECIDED: Final = "fault decided"
_ASKED: Final = "fault asked for"


STRUCK_NAMES_MAX: Final = 200
"""Most names of faults that are counted by themselves; strikes of further ones count as `OTHERS`."""

OTHERS: Final = "others"


class FaultInjector(Interceptor):
    """Injects the faults that are on; ``seed`` makes their sequence.

    ``named`` finds a fault that a request names in ``X-Idnode-Fault``; without it requests cannot name any. Such a
    fault strikes that request and no other, whatever its schedule.
    """

    def __init__(
        self, clock: Clock, seed: int, *, named: Callable[[str], Fault | None] | None = None
    ) -> None:
        self._clock = clock
        self.seed = seed
        self._named = named
        self._faults: tuple[Fault, ...] = ()
        self._schedules: dict[str, Schedule] = {}
        self._randoms: dict[str, Random] = {}
        self.struck: Counter[str] = Counter()
        """Strikes of each fault since the start of the node."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults, on and off, in the order in which they are tried."""
        return self._faults

    @property
    def sees_plain_successes(self) -> bool:  # type: ignore[override]
        """True while a fault may strike any request: native code answers otherwise."""
        return any(self._may_strike_requests(fault) for fault in self._faults)

    @property
    def not_found_per_second(self) -> int | None:  # type: ignore[override]
        """None while a fault may strike any request, otherwise 0: what is not found over UDP names no fault."""
        return None if self.sees_plain_successes else 0

    def replace(self, faults: Iterable[Fault], seed: int | None = None) -> None:
        """Have these faults and no others, all at once, and all schedules begin anew."""
        if seed is not None:
            self.seed = seed
        self._schedules, self._randoms = {}, {}
        self.change(faults)

    def change(self, faults: Iterable[Fault]) -> None:
        """Have these faults and no others, all at once; those that were here go on where they are."""
        before = {fault.name: fault for fault in self._faults}
        schedules: dict[str, Schedule] = {}
        randoms: dict[str, Random] = {}
        self._faults = tuple(faults)
        for fault in self._faults:
            name = fault.name
            if name in self._schedules and before.get(name) == fault:
                schedules[name], randoms[name] = self._schedules[name], self._randoms[name]
                continue
            # Each fault has generators of its own, so that one more fault leaves the others' sequences alone.
            generator = Random(f"{self.seed}:{name}")  # noqa: S311  # repeatable on purpose
            schedules[name] = Schedule(fault.when, generator, self._clock.elapsed())
            randoms[name] = self._random_of(name)
        self._schedules, self._randoms = schedules, randoms

    def schedule_of(self, name: str) -> Schedule | None:
        """Return the schedule of a fault that is here, with what matched and struck since it began."""
        return self._schedules.get(name)

    def request(self, exchange: Exchange) -> Plan | None:
        """Let a fault strike before the request is carried out."""
        for fault in self._candidates(exchange):
            if not fault.action.before or not self._strikes(fault, exchange):
                continue
            plan = fault.action.early(exchange, self._random_for(fault))
            if plan is None:
                continue
            self._note(fault, exchange)
            exchange.notes[_DECIDED] = True
            return _marked(plan, fault.name)
        return None

    def reply(self, exchange: Exchange, plan: Plan) -> Plan:
        """Let a fault strike at an answer; further messages of one answer meet the same fate."""
        chosen: Fault | None = exchange.notes.get(_STRIKING)
        if chosen is None and _DECIDED not in exchange.notes:
            chosen = self._choose(exchange)
            exchange.notes[_DECIDED] = True
            if chosen is not None:
                exchange.notes[_STRIKING] = chosen
                self._note(chosen, exchange)
        if chosen is None:
            return plan
        return _marked(chosen.action.apply(exchange, plan, self._random_for(chosen)), chosen.name)

    def handshake(self) -> CertificateAction | None:
        """Return the action that strikes a TLS connection that is being made, if one does; it is told in the log."""
        for fault in self._faults:
            action = fault.action
            if not fault.on or action.kind != "certificate":
                continue
            if self._schedules[fault.name].strikes(self._clock.elapsed()):
                self._count(fault)
                _log.info("a TLS connection meets the fault %s", fault.name)
                return action
        return None

    def _choose(self, exchange: Exchange) -> Fault | None:
        return next(
            (
                fault
                for fault in self._candidates(exchange)
                if not fault.action.before and self._strikes(fault, exchange)
            ),
            None,
        )

    def _candidates(self, exchange: Exchange) -> list[Fault]:
        asked = self._asked(exchange)
        if asked is not None:
            return [asked]
        return [fault for fault in self._faults if self._may_strike_requests(fault)]

    @staticmethod
    def _may_strike_requests(fault: Fault) -> bool:
        return fault.on and not fault.by_header and not fault.action.handshake

    def _asked(self, exchange: Exchange) -> Fault | None:
        """Return the fault that a request names, if it may."""
        request = exchange.request
        if self._named is None or not isinstance(request, HttpRequest):
            return None
        if _ASKED not in exchange.notes:
            name = next((v for n, v in request.headers.items() if n.lower() == _HEADER), None)
            asked = None if name is None else self._named(name)
            late = asked is not None and asked.action.handshake  # its connection is there already
            exchange.notes[_ASKED] = None if late else asked
        found: Fault | None = exchange.notes[_ASKED]
        return found

    def _strikes(self, fault: Fault, exchange: Exchange) -> bool:
        if not fault.match.matches(exchange):
            return False
        if exchange.notes.get(_ASKED) is not None:
            return True
        return self._schedules[fault.name].strikes(self._clock.elapsed())

    def _random_for(self, fault: Fault) -> Random:
        return self._randoms.get(fault.name) or self._random_of(fault.name)

    def _random_of(self, name: str) -> Random:
        return Random(f"{self.seed}:{name}:action")  # noqa: S311  # repeatable on purpose

    def _note(self, fault: Fault, exchange: Exchange) -> None:
        exchange.notes[FAULT] = fault.name
        self._count(fault)

    def _count(self, fault: Fault) -> None:
        known = fault.name in self.struck or len(self.struck) < STRUCK_NAMES_MAX
        self.struck[fault.name if known else OTHERS] += 1


def _marked(plan: Plan, name: str) -> Plan:
    """Return a plan whose HTTP answers name the fault."""
    steps = []
    for step in plan:
        if isinstance(step, Send) and isinstance(step.content, HttpAnswer):
            answer = step.content
            headers = (*answer.headers, (HEADER, name))
            steps.append(Send(HttpAnswer(answer.status, headers, answer.body, answer.streamed)))
        else:
            steps.append(step)  # type: ignore[arg-type]  # a step of another kind
    return tuple(steps)
