"""The steps in which an answer leaves: what an interceptor may have a face do.

A face hands its interceptors the plan for an answer, one `Send` for each datagram, each message of a stream, or the
whole HTTP answer, and carries out the plan that it gets back, step by step:

=====================  ===============================================
to                     return
=====================  ===============================================
leave it               the plan as it is
delay                  ``(Wait(1.0), *plan)``
drop                   ``()``
replace                ``(Send(other),)``
send twice             ``(*plan, *plan)``
split                  ``segments(plan, bytes_each)``
close before           ``(Close(),)``
close in the middle    ``(Send(part), Close())``
close after            ``(*plan, Close())``
reset                  ``(Close(reset=True),)``
=====================  ===============================================

As the answer to `Interceptor.request` a plan answers early, and the request is not carried out, unless the plan ends
with `PROCEED`: ``(Wait(1.0), PROCEED)`` only makes it wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from idnode.node.interceptors.exchange import HttpAnswer


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes: a datagram, or a piece of a stream that leaves by itself; or a whole HTTP answer."""

    content: bytes | HttpAnswer

    @property
    def wire(self) -> bytes:
        """The bytes that leave."""
        return self.content if isinstance(self.content, bytes) else self.content.wire()


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so long; later answers on the same stream wait as well."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection and forget the steps behind; with ``reset`` what was not sent yet is lost.

    Over UDP, which has no connections, it forgets the steps behind.
    """

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Proceed:
    """Carry out the request; only as the last step of the answer to `Interceptor.request`."""


PROCEED: Final = Proceed()

Action = Send | Wait | Close | Proceed

Plan = tuple[Action, ...]
"""The steps of one answer, in their order."""


def segments(plan: Plan, bytes_each: int, pause_seconds: float = 0.0) -> Plan:
    """Return a plan that sends the same bytes in pieces of this size, with pauses between them."""
    steps: list[Action] = []
    for action in plan:
        if not isinstance(action, Send):
            steps.append(action)
            continue
        wire = action.wire
        for start in range(0, len(wire), bytes_each):
            if start and pause_seconds:
                steps.append(Wait(pause_seconds))
            steps.append(Send(wire[start : start + bytes_each]))
    return tuple(steps)
