"""The journal and the faults of a node: made from its settings, and put among its interceptors."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from idnode.node.defaults import SettingsRefused
from idnode.node.exposure import is_loopback
from idnode.node.faces.table import FACES
from idnode.node.interceptors.faults.injector import FaultInjector
from idnode.node.interceptors.journal.entry import KeptHttp
from idnode.node.interceptors.journal.recorder import OFF, Journal
from idnode.node.interceptors.journal.ring import Ring
from idnode.node.interceptors.rules.batches import SNMS_ALL_REFUSED, SNMS_SOME_REFUSED
from idnode.node.interceptors.rules.catalogue import Catalogue
from idnode.node.interceptors.rules.near import (
    keys_of,
    near_misses,
    near_templates,
    near_templates_of_batch,
)
from idnode.node.ops.faults import FaultCalls
from idnode.node.ops.journal import JournalCalls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from idnode.node.interceptors.chain import Interceptor, Interceptors
    from idnode.node.interceptors.faults.control import FaultControl
    from idnode.node.interceptors.faults.fault import Fault
    from idnode.node.interceptors.journal.entry import Entry
    from idnode.node.interceptors.rules.near import NearMiss
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.settings import Settings
    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register

_SNMS_BATCHES: Final = frozenset((SNMS_ALL_REFUSED.id, SNMS_SOME_REFUSED.id))
_UNPROVEN: Final = frozenset(("W-AUTH-FAILED", "W-HTTP-CREDENTIALS"))


class Observation:
    """Watches a node's requests, and spoils some of them if asked.

    Where the node is on loopback a request may name the fault that it wants in ``X-Idnode-Fault``.
    """

    def __init__(
        self, settings: Settings, clock: Clock, interceptors: Interceptors, seed: int
    ) -> None:
        catalogue = Catalogue(*(face.rules for face in FACES))
        ring = Ring(settings.journal_entries, settings.journal_bytes)
        self.journal = Journal(ring, clock, catalogue.explain, mode=settings.journal)
        self._interceptors = interceptors
        self._by_header = is_loopback(settings.host)
        named = self._named if self._by_header else None
        self.injector = FaultInjector(clock, seed, named=named)
        self._known: tuple[Register, Authority, Directory] | None = None
        if settings.faults is not None:
            self._load(settings)
        self._arrange()

    def _load(self, settings: Settings) -> None:
        from idnode.node.interceptors.faults.fault import FaultsInvalid  # noqa: PLC0415  # late
        from idnode.node.interceptors.faults.library import read_file  # noqa: PLC0415  # late

        assert settings.faults is not None
        try:
            self.faults.replace(read_file(settings.faults))
        except FaultsInvalid as error:
            raise SettingsRefused(f"faults: {error}") from error

    @cached_property
    def faults(self) -> FaultControl:
        """The faults; what they are made of is loaded when somebody asks for them."""
        from idnode.node.interceptors.faults.control import FaultControl  # noqa: PLC0415  # late

        return FaultControl(self.injector, self._arrange)

    def _named(self, name: str) -> Fault | None:
        return self.faults.named(name)

    def know(self, register: Register, authority: Authority, directory: Directory) -> None:
        """Take in where near misses are looked for."""
        self._known = register, authority, directory

    def switch(self, mode: str) -> None:
        """Have the journal keep other requests from now on."""
        self.journal.mode = mode
        self._arrange()

    def _arrange(self) -> None:
        """Put in front what is needed, the journal outermost so that it sees what leaves."""
        own = (self.journal, self.injector)
        needed: list[Interceptor] = [self.journal] if self.journal.mode != OFF else []
        if self._by_header or self.injector.sees_plain_successes:
            needed.append(self.injector)
        others = [each for each in self._interceptors if each not in own]
        self._interceptors.set((*needed, *others))

    def kept_faults(self) -> dict[str, Any]:
        """Return the faults as a state of the node keeps them, for `restore_faults`."""
        if "faults" not in vars(self):  # nobody has asked for any
            return {}
        from idnode.node.interceptors.faults.fault import as_data  # noqa: PLC0415  # late

        control = self.faults
        listed = control.listed()
        return {
            "seed": control.seed,
            "own": as_data(fault for fault in listed if control.is_own(fault.name)),
            "traps": [f.name for f in listed if f.on and not control.is_own(f.name)],
        }

    def restore_faults(self, kept: dict[str, Any]) -> None:
        """Have the faults that were kept; their sequences begin anew."""
        if not kept and "faults" not in vars(self):
            return
        from idnode.node.interceptors.faults.fault import read_faults  # noqa: PLC0415  # late

        self.faults.replace(read_faults(kept.get("own", [])), kept.get("seed"))
        for name in kept.get("traps", ()):
            self.faults.switch(name, on=True)

    def struck(self) -> Mapping[str, int]:
        """Return how often each fault struck, those that are on but did not included."""
        on = {fault.name: 0 for fault in self.injector.faults if fault.on}
        return on | self.injector.struck

    def routes(self, version: str) -> list[web.RouteDef]:
        """Return the calls of the management port."""
        journal = JournalCalls(self.journal, self._near, self.switch, version)
        faults = FaultCalls(lambda: self.faults, lambda: self.journal.ring)
        return [*journal.routes(), *faults.routes()]

    def _near(self, entry: Entry) -> list[NearMiss]:
        if self._known is None or entry.why is None:
            return []
        register, authority, directory = self._known
        if entry.facts.get("kind") == "template":
            return near_templates(entry.facts.get("name", ""), directory.cache.templates)
        if entry.why.rule in _SNMS_BATCHES and isinstance(entry.request, KeptHttp):
            return near_templates_of_batch(entry.request.body, directory.cache.templates)
        if entry.why.rule in _UNPROVEN and entry.identity is not None:
            return keys_of(entry.identity, register)
        return near_misses(entry.handle, entry.why.rule, register, authority)
