"""The one list of interceptors, which every face asks.

The first interceptor of the list is the outermost: it sees requests first and answers last, as they leave. A request
is answered through those interceptors that saw it, whatever is added or removed meanwhile.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from idnode.node.interceptors.actions import Plan
    from idnode.node.interceptors.exchange import Exchange

_log = logging.getLogger(__name__)


class Interceptor:
    """Sees requests and their answers; a subclass overrides what it needs.

    Its methods are called on the event loop and must not block. One that raises is logged, and passed over.
    """

    sees_plain_successes = False
    """Whether it must also see plain resolutions that find something, which native code answers otherwise.

    Without it an interceptor still sees everything that fails, writes or needs authentication.
    """

    not_found_per_second: int | None = None
    """How many resolutions that find nothing it needs to see in a second; ``None``: all of them.

    Native code answers those beyond, so that a flood of them does not fall on the event loop.
    """

    def request(self, exchange: Exchange) -> Plan | None:  # noqa: ARG002  # to be overridden
        """Take a request before anything of it is decoded; a plan answers it early (see `actions`)."""
        return None

    def malformed(self, exchange: Exchange, error: BaseException) -> None:
        """Take in that a request cannot be decoded, and why; its answer follows if it gets one."""

    def reply(self, exchange: Exchange, plan: Plan) -> Plan:  # noqa: ARG002  # to be overridden
        """Take the plan for an answer, and return the one to be carried out instead.

        Called once for each message of an answer of several, and not at all for a request that gets none.
        """
        return plan


class Interceptors:
    """The interceptors of a node; faces ask `active` for each request, and nothing else unless it is true."""

    __slots__ = ("_changed", "_list", "active", "not_found_per_second", "sees_plain_successes")

    def __init__(self) -> None:
        self._list: tuple[Interceptor, ...] = ()
        self._changed: list[Callable[[], None]] = []
        self.active = False
        self.sees_plain_successes = False
        self.not_found_per_second: int | None = 0

    def __iter__(self) -> Iterator[Interceptor]:
        return iter(self._list)

    def add(self, interceptor: Interceptor, *, outermost: bool = False) -> None:
        """Put an interceptor behind all others, or in front of them."""
        self.set((interceptor, *self._list) if outermost else (*self._list, interceptor))

    def remove(self, interceptor: Interceptor) -> None:
        """Take an interceptor out; one that is not there is none."""
        self.set(each for each in self._list if each is not interceptor)

    def replace(self, old: Interceptor, new: Interceptor) -> None:
        """Put one interceptor in another's place."""
        self.set(new if each is old else each for each in self._list)

    def set(self, interceptors: Iterable[Interceptor]) -> None:
        """Have these interceptors, and no others, from now on."""
        self._list = tuple(interceptors)
        self.update()

    def update(self) -> None:
        """Follow an interceptor that has changed its mind about `sees_plain_successes`."""
        self.active = bool(self._list)
        self.sees_plain_successes = any(each.sees_plain_successes for each in self._list)
        needed = [each.not_found_per_second for each in self._list]
        self.not_found_per_second = (
            None
            if None in needed
            else max((most for most in needed if most is not None), default=0)
        )
        for changed in self._changed:
            changed()

    def watch(self, changed: Callable[[], None]) -> None:
        """Have this called whenever what interceptors need to see may have changed, and once now."""
        self._changed.append(changed)
        changed()

    def request(self, exchange: Exchange) -> Plan | None:
        """Show a request to each interceptor, until one answers it early."""
        for number, each in enumerate(self._list, 1):
            exchange.through = self._list[:number]
            try:
                plan = each.request(exchange)
            except Exception:  # noqa: BLE001  # logged; a request is answered whoever watches
                _log.exception("an interceptor failed at a request")
                continue
            if plan is not None:
                # The one that answers early has had its say: only those in front of it see its answer.
                exchange.through = self._list[: number - 1]
                return plan
        return None

    @staticmethod
    def malformed(exchange: Exchange, error: BaseException) -> None:
        """Tell the interceptors that saw a request that it cannot be decoded."""
        exchange.error = error
        for each in exchange.through:
            try:
                each.malformed(exchange, error)
            except Exception:  # noqa: BLE001  # logged; a request is answered whoever watches
                _log.exception("an interceptor failed at a malformed request")

    @staticmethod
    def reply(exchange: Exchange, plan: Plan) -> Plan:
        """Return what becomes of the plan for an answer, from the innermost interceptor outwards."""
        for each in reversed(exchange.through):
            try:
                plan = each.reply(exchange, plan)
            except Exception:  # noqa: BLE001  # logged; a request is answered whoever watches
                _log.exception("an interceptor failed at an answer")
        return plan
