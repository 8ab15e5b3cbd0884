"""The interceptor that injects faults.

For each request the first fault strikes that matches it and whose time has come. A strike is told in the journal, in the
header ``X-Idnode-Fault`` of HTTP answers, and in a counter; never in bytes that a binary client would not expect.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Final

from idnode.node.interceptors.actions import Send
from idnode.node.interceptors.chain import Interceptor
from idnode.node.interceptors.exchange import HttpAnswer, HttpRequest
from idnode.node.interceptors.faults.schedule import Schedule
from idnode.node.interceptors.journal.recorder import FAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from idnode.node.interceptors.actions import Plan
    from idnode.node.interceptors.exchange import Exchange
    from idnode.node.interceptors.faults.fault import Fault
    from idnode.registry.handle.clock import Clock

HEADER: Final = "X-Idnode-Fault"

_STRIKING: Final = "fault striking"
_EARLY: Final = "fault early"


class FaultInjector(Interceptor):
    """Injects the faults that are on; ``seed`` makes their sequence, ``by_header`` lets requests name one."""

    sees_plain_successes = True

    def __init__(self, clock: Clock, seed: int, *, by_header: bool) -> None:
        self._clock = clock
        self.seed = seed
        self._by_header = by_header
        self._faults: tuple[Fault, ...] = ()
        self._schedules: dict[str, Schedule] = {}
        self.struck: Counter[str] = Counter()
        """Strikes of each fault since the start of the node."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults, on and off, in the order in which they are tried."""
        return self._faults

    @property
    def needed(self) -> bool:
        """Whether any fault may strike."""
        return any(fault.on for fault in self._faults)

    def replace(self, faults: Iterable[Fault], seed: int | None = None) -> None:
        """Have these faults and no others, all at once; their schedules begin anew."""
        if seed is not None:
            self.seed = seed
        self._faults = tuple(faults)
        started = self._clock.elapsed()
        # Each fault has a generator of its own, so that one more fault leaves the others' sequences alone.
        self._schedules = {
            fault.name: Schedule(fault.when, Random(f"{self.seed}:{fault.name}"), started)  # noqa: S311
            for fault in self._faults
        }
        self._randoms = {
            fault.name: Random(f"{self.seed}:{fault.name}:action")  # noqa: S311
            for fault in self._faults
        }

    def counts(self) -> Mapping[str, Schedule]:
        """Return the schedules by name, with what matched and struck since they began."""
        return self._schedules

    def request(self, exchange: Exchange) -> Plan | None:
        """Let a fault strike before the request is carried out."""
        for fault in self._candidates(exchange):
            if fault.action.before and self._strikes(fault, exchange):
                plan = fault.action.early(exchange, self._randoms[fault.name])
                if plan is None:
                    continue
                self._note(fault, exchange)
                if any(isinstance(step, Send) for step in plan):
                    return _marked(plan, fault.name)
                return plan
        return None

    def reply(self, exchange: Exchange, plan: Plan) -> Plan:
        """Let a fault strike at an answer; further messages of one answer meet the same fate."""
        chosen: Fault | None = exchange.notes.get(_STRIKING)
        if chosen is None and _EARLY not in exchange.notes:
            chosen = next(
                (
                    fault
                    for fault in self._candidates(exchange)
                    if not fault.action.before and self._strikes(fault, exchange)
                ),
                None,
            )
            exchange.notes[_EARLY] = True  # decided, whatever it was
            if chosen is not None:
                exchange.notes[_STRIKING] = chosen
                self._note(chosen, exchange)
        if chosen is None:
            return plan
        changed = chosen.action.apply(exchange, plan, self._randoms[chosen.name])
        return _marked(changed, chosen.name)

    def _candidates(self, exchange: Exchange) -> list[Fault]:
        asked = self._asked(exchange)
        if asked is not None:
            return [fault for fault in self._faults if fault.name == asked]
        return [fault for fault in self._faults if fault.on and not fault.by_header]

    def _asked(self, exchange: Exchange) -> str | None:
        request = exchange.request
        if not self._by_header or not isinstance(request, HttpRequest):
            return None
        return next((v for n, v in request.headers.items() if n.lower() == HEADER.lower()), None)

    def _strikes(self, fault: Fault, exchange: Exchange) -> bool:
        if not fault.match.matches(exchange):
            return False
        return self._schedules[fault.name].strikes(self._clock.elapsed())

    def _note(self, fault: Fault, exchange: Exchange) -> None:
        exchange.notes[FAULT] = fault.name
        self.struck[fault.name] += 1


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
