"""Switches faults of a running node: own ones, and the traps of the library beside them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.interceptors.exchange import Exchange, HttpRequest
from idnode.node.interceptors.faults.fault import FAULTS_MAX, FaultsInvalid
from idnode.node.interceptors.faults.library import traps
from idnode.node.interceptors.faults.schedule import Schedule
from idnode.node.interceptors.journal.entry import KeptHttp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from idnode.node.interceptors.faults.fault import Fault
    from idnode.node.interceptors.faults.injector import FaultInjector
    from idnode.node.interceptors.journal.entry import Entry

_SHOWN_MAX: Final = 20


class DryRun(NamedTuple):
    """Requests in the journal that a fault would have matched, and those that it would have struck."""

    fault: Fault
    matched: int
    struck: list[Entry]


class FaultControl:
    """Holds the faults; ``changed`` is called behind each change."""

    def __init__(self, injector: FaultInjector, changed: Callable[[], None]) -> None:
        self._injector = injector
        self._changed = changed
        self._own: dict[str, Fault] = {}
        self._traps_on: dict[str, Fault] = {}

    @property
    def seed(self) -> int:
        """The seed of the sequence."""
        return self._injector.seed

    def listed(self) -> list[Fault]:
        """Return own faults, then the traps."""
        library = {name: trap for name, trap in traps().items() if name not in self._own}
        return [*self._own.values(), *(library | self._traps_on).values()]

    def named(self, name: str) -> Fault | None:
        """Return a fault or a trap by name."""
        return self._own.get(name) or self._traps_on.get(name) or traps().get(name)

    def is_own(self, name: str) -> bool:
        """Return whether a fault is none of the library's."""
        return name in self._own

    def schedule_of(self, name: str) -> Schedule | None:
        """Return the schedule of a fault."""
        return self._injector.schedule_of(name)

    def replace(self, faults: Iterable[Fault], seed: int | None = None) -> None:
        """Have these faults in place of all own ones, and every trap off; sequences begin anew."""
        self._own = {fault.name: fault for fault in faults}
        self._traps_on = {}
        self._injector.replace(self._own.values(), seed)
        self._changed()

    def add(self, faults: Iterable[Fault]) -> None:
        """Have these faults besides, each in the place of one of its name.

        Raises:
            FaultsInvalid: There would be too many.

        """
        own = self._own | {fault.name: fault for fault in faults}
        if len(own) > FAULTS_MAX:
            raise FaultsInvalid(f"At most {FAULTS_MAX} faults at once")
        self._own = own
        self._traps_on = {n: trap for n, trap in self._traps_on.items() if n not in own}
        self._apply()

    def switch(self, name: str, *, on: bool) -> Fault | None:
        """Switch a fault or a trap on or off, and return it; its sequence begins anew. None if there is none."""
        fault = self.named(name)
        if fault is None:
            return None
        changed = fault.model_copy(update={"on": on})
        if name in self._own:
            self._own[name] = changed
        elif on:
            self._traps_on[name] = changed
        else:
            self._traps_on.pop(name, None)
        self._apply()
        return changed

    def remove(self, name: str) -> bool:
        """Forget an own fault, or switch a trap off; return whether there was one."""
        found = self._own.pop(name, None) or self._traps_on.pop(name, None)
        self._apply()
        return found is not None

    def _apply(self) -> None:
        self._injector.change([*self._own.values(), *self._traps_on.values()])
        self._changed()

    def dry_run(self, faults: Iterable[Fault], entries: Iterable[Entry]) -> list[DryRun]:
        """Return what each of these faults would have done to the requests that the journal keeps."""
        kept = list(entries)
        # The journal has requests, and none of the connections that a fault of handshakes strikes.
        return [self._dry_run(fault, [] if fault.action.handshake else kept) for fault in faults]

    def _dry_run(self, fault: Fault, entries: list[Entry]) -> DryRun:
        began = entries[0].time if entries else 0.0
        generator = Random(f"{self.seed}:{fault.name}")  # noqa: S311  # repeatable on purpose
        schedule = Schedule(fault.when, generator, began)
        struck = [
            entry
            for entry in entries
            if fault.match.matches(_exchange_of(entry)) and schedule.strikes(entry.time)
        ]
        return DryRun(fault, schedule.matched, struck[-_SHOWN_MAX:])


def described(control: FaultControl, fault: Fault) -> dict[str, Any]:
    """Return a fault as plain data, with what it did."""
    schedule = control.schedule_of(fault.name)
    return {
        **fault.model_dump(mode="json", exclude_defaults=True),
        "on": fault.on,
        "trap": not control.is_own(fault.name),
        "matched": 0 if schedule is None else schedule.matched,
        "struck": 0 if schedule is None else schedule.struck,
    }


def _exchange_of(entry: Entry) -> Exchange:
    """Return an exchange that is matched as the one was of which the journal tells."""
    request: bytes | HttpRequest = b""
    if isinstance(entry.request, KeptHttp):
        request = HttpRequest(*entry.request.start, dict(entry.request.headers))
    exchange = Exchange(entry.face, request, started=0.0, connection=entry.connection)
    exchange.operation = entry.operation
    exchange.handle = entry.handle.encode()
    exchange.identity, exchange.account = entry.identity, entry.account
    return exchange
