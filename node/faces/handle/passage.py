"""A binary request on its way through the interceptors, and the steps in which its answer leaves.

Exists only while there are interceptors; without them a face passes requests straight to the receiver.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from idnode.node.interceptors.actions import PROCEED, Close, Send, Wait
from idnode.node.interceptors.exchange import current
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from idnode.node.interceptors.actions import Action, Plan
    from idnode.node.interceptors.chain import Interceptors
    from idnode.node.interceptors.exchange import Exchange
    from idnode.node.service.handle.response import Reply


class Outlet(Protocol):
    """Tells where the answers to one request leave."""

    def send(self, wire: bytes, /) -> None:
        """Send bytes, in front of whatever is answered later."""

    def close(self, *, reset: bool) -> None:
        """End the connection; with ``reset`` what was not sent yet is lost."""

    def finish(self) -> None:
        """Take in that nothing more is sent."""


class Passage:
    """Takes one request to the interceptors, and carries out what becomes of its answers."""

    __slots__ = (
        "_carry_out",
        "_interceptors",
        "_last",
        "_malformed",
        "_outlet",
        "_over",
        "_steps",
        "_waits",
        "exchange",
    )

    def __init__(self, interceptors: Interceptors, exchange: Exchange, outlet: Outlet) -> None:
        self.exchange = exchange
        self._interceptors = interceptors
        self._outlet = outlet
        self._carry_out: Callable[[], None] | None = None
        self._steps: deque[Action] = deque()
        self._waits = False
        self._last = False
        self._over = False
        self._malformed = False

    def begin(self, carry_out: Callable[[], None]) -> None:
        """Have the request carried out, unless an interceptor answers it early or makes it wait."""
        self._carry_out = carry_out
        plan = self._interceptors.request(self.exchange)
        if plan is None:
            self._proceed()
        elif PROCEED in plan:
            self._take(plan)
        else:
            self._last = True
            self._take(self._interceptors.reply(self.exchange, plan))

    def drop(self, error: Exception) -> None:
        """Show the interceptors bytes that are no request, and are not answered."""
        self.begin(lambda: self._interceptors.malformed(self.exchange, error))

    def answer(self, reply: Reply, pieces: Iterable[bytes]) -> None:
        """Take an answer, or one of several, in the pieces in which it would leave."""
        exchange = self.exchange
        exchange.answer = reply.wire
        exchange.operation, exchange.response_code = reply.operation, reply.response_code
        self._last = not reply.continued
        self.repeat(pieces)

    def repeat(self, pieces: Iterable[bytes]) -> None:
        """Take pieces of an answer that was made before."""
        exchange = self.exchange
        if isinstance(exchange.error, ProtocolError) and not self._malformed:
            self._malformed = True
            self._interceptors.malformed(exchange, exchange.error)
        self._take(self._interceptors.reply(exchange, tuple(map(Send, pieces))))

    def _proceed(self) -> None:
        """Carry out the request; whatever is done for it, also later, knows the exchange."""
        carry_out, self._carry_out = self._carry_out, None
        if carry_out is None:
            return
        token = current.set(self.exchange)
        try:
            carry_out()
        finally:
            current.reset(token)

    def _take(self, plan: Plan) -> None:
        if self._over:
            return
        self._steps += plan
        if not self._waits:
            self._go_on()

    def _go_on(self) -> None:
        """Carry out steps until one waits, or none is left."""
        self._waits = False
        while self._steps:
            step = self._steps.popleft()
            if isinstance(step, Send):
                self._outlet.send(step.wire)
            elif isinstance(step, Wait):
                self._waits = True
                asyncio.get_running_loop().call_later(step.seconds, self._go_on)
                return
            elif isinstance(step, Close):
                self._steps.clear()
                self._over = True
                self._outlet.close(reset=step.reset)
                return
            else:
                self._proceed()
        # A request that was carried out among the steps may have been answered, and ended, there.
        if self._last and not (self._over or self._waits):
            self._over = True
            self._outlet.finish()
