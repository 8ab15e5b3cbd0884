"""Actions of faults, whatever the face: with the steps of an answer, or with the bytes in them.

A fault is a frozen class with its settings as fields; ``kind`` names it in files. `apply` gets the plan for an
answer and returns another; a fault that strikes before the request is carried out has `early` instead.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from idnode.node.interceptors.actions import PROCEED, Close, Send, Wait, segments

if TYPE_CHECKING:
    from random import Random

    from idnode.node.interceptors.actions import Plan
    from idnode.node.interceptors.exchange import Exchange

DELAY_SECONDS_MAX = 600.0
Delay = Annotated[float, Field(ge=0, le=DELAY_SECONDS_MAX)]
Bytes = Annotated[int, Field(ge=1, le=1 << 20)]


class FaultAction(BaseModel):
    """Root of the actions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: ClassVar[bool] = False
    """Whether the action comes before the request is carried out."""
    handshake: ClassVar[bool] = False
    """Whether it strikes TLS connections that are being made, and no requests."""

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:  # noqa: ARG002  # most need less
        """Return what becomes of the plan for an answer."""
        return plan

    def early(self, exchange: Exchange, seeded: Random) -> Plan | None:  # noqa: ARG002  # most are late
        """Return an answer before the request is carried out, or steps that end in PROCEED."""
        return None


class DelayAction(FaultAction):
    """Makes an answer late: by a fixed time, or by one drawn from a log-normal distribution."""

    kind: Literal["delay"]
    seconds: Delay | None = None
    median: Delay | None = None
    sigma: Annotated[float, Field(gt=0, le=5)] = 0.5

    @model_validator(mode="after")
    def _one_of_both(self) -> DelayAction:
        if (self.seconds is None) == (self.median is None):
            raise ValueError("a delay has either seconds or a median")
        return self

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Wait, then send."""
        del exchange
        return (Wait(self._draw(seeded)), *plan)

    def _draw(self, seeded: Random) -> float:
        if self.seconds is not None:
            return self.seconds
        drawn = seeded.lognormvariate(math.log(max(self.median or 0.0, 1e-6)), self.sigma)
        return min(drawn, DELAY_SECONDS_MAX)


class DropAction(FaultAction):
    """Sends no answer at all."""

    kind: Literal["drop"]

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Send nothing."""
        del exchange, plan, seeded
        return ()


class DuplicateAction(FaultAction):
    """Sends an answer several times."""

    kind: Literal["duplicate"]
    times: Annotated[int, Field(ge=2, le=10)] = 2

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Send as often as said."""
        del exchange, seeded
        return plan * self.times


class ReorderAction(FaultAction):
    """Sends the datagrams of an answer in reverse; a single one is held back, so that later answers overtake it."""

    kind: Literal["reorder"]
    hold: Delay = 0.05

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Send the last one first."""
        del exchange, seeded
        if sum(isinstance(step, Send) for step in plan) > 1:
            return tuple(reversed(plan))
        return (Wait(self.hold), *plan)


class LoseDatagramAction(FaultAction):
    """Loses one datagram of an answer of several; the answer to the repeated request is whole unless it strikes again."""

    kind: Literal["lose_datagram"]
    number: Annotated[int, Field(ge=0)] | None = None
    """Which one, from 0; without it one in the middle, drawn by the seed."""

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Leave one out."""
        del exchange
        sends = [at for at, step in enumerate(plan) if isinstance(step, Send)]
        if len(sends) < 2:
            return plan
        middle = sends[1:-1] or sends[1:]
        chosen = (
            sends[self.number % len(sends)] if self.number is not None else seeded.choice(middle)
        )
        return tuple(step for at, step in enumerate(plan) if at != chosen)


class TruncateAction(FaultAction):
    """Sends the first bytes of an answer and ends the connection."""

    kind: Literal["truncate"]
    keep: Annotated[int, Field(ge=0, le=1 << 24)] = 20

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Send so many bytes."""
        del exchange, seeded
        wire = b"".join(step.wire for step in plan if isinstance(step, Send))
        return (Send(wire[: self.keep]), Close()) if self.keep else (Close(),)


class SplitAction(FaultAction):
    """Sends an answer in small pieces, with pauses between them."""

    kind: Literal["split"]
    bytes: Bytes = 7
    pause: Delay = 0.0

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Send piece by piece."""
        del exchange, seeded
        return segments(plan, self.bytes, self.pause)


class CorruptAction(FaultAction):
    """Changes one byte of an answer."""

    kind: Literal["corrupt"]
    offset: Annotated[int, Field(ge=0)] | None = None
    """Which one; without it one drawn by the seed."""

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Flip bits of one byte."""
        del exchange
        changed = []
        for step in plan:
            if isinstance(step, Send) and step.wire:
                wire = bytearray(step.wire)
                at = self.offset if self.offset is not None else seeded.randrange(len(wire))
                wire[at % len(wire)] ^= seeded.randrange(1, 256)
                changed.append(Send(bytes(wire)))
            else:
                changed.append(step)  # type: ignore[arg-type]  # a step of another kind
        return tuple(changed)


class CloseAction(FaultAction):
    """Ends the connection before, in the middle of, or after an answer."""

    kind: Literal["close"]
    where: Literal["before", "middle", "after"] = "after"

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Close there."""
        del exchange, seeded
        if self.where == "before":
            return (Close(),)
        if self.where == "after":
            return (*plan, Close())
        wire = b"".join(step.wire for step in plan if isinstance(step, Send))
        return (Send(wire[: max(1, len(wire) // 2)]), Close())


class ResetAction(FaultAction):
    """Resets the connection in place of an answer."""

    kind: Literal["reset"]

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Reset it."""
        del exchange, plan, seeded
        return (Close(reset=True),)


class HoldAction(FaultAction):
    """Makes a request wait before it is carried out."""

    kind: Literal["hold"]
    seconds: Delay
    before: ClassVar[bool] = True

    def early(self, exchange: Exchange, seeded: Random) -> Plan | None:
        """Wait, then go on."""
        del exchange, seeded
        return (Wait(self.seconds), PROCEED)
