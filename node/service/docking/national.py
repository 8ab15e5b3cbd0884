"""The national node as others see it who dock to it: filings, who sends them, the directory, and the reports that came."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from idnode.node.service.docking.filings import Filings
from idnode.node.service.docking.senders import Senders
from idnode.registry.fetching import fetched
from idnode.registry.handle import names, values

if TYPE_CHECKING:
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register

REPORTS_MAX: Final = 4096
"""Nodes whose last report is kept."""

_PUBLIC: Final = ("name", "type", "introduction")


class NationalNode:
    """The offers of a national node to secondary nodes and to whoever looks a prefix up."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self._register = register
        self._clock = clock
        self.filings = Filings(register, clock)
        self.senders = Senders(register, clock)
        self.reports: dict[str, dict[str, Any]] = {}

    def report(self, who: str, report: dict[str, Any]) -> None:
        """Keep what a node reported last, with the time at which it came."""
        if who in self.reports or len(self.reports) < REPORTS_MAX:
            self.reports[who] = {"received": self._clock.now(), "report": report}

    async def described(self, prefix: str) -> dict[str, Any] | None:
        """Return the directory's object of a prefix (secondary-node-functions.md §4.2), None for an unknown one."""
        handle = names.prefix_handle(prefix.encode())
        stored = await fetched(partial(self._register.lookup, handle))
        if stored is None:
            return None
        title = next((v.data for v in values.unpack(stored.values) if v.type == "DESC"), b"")
        filed = await self.filings.enterprise(prefix)
        node = {
            "name": (filed or {}).get("entNameCn") or title.decode(errors="replace"),
            "type": "secondary" if prefix.count(".") < 2 else "enterprise",
            "introduction": (filed or {}).get("entDesc", ""),
        }
        found: dict[str, Any] = {
            "iiidapConformance": ["iiidap_level_0"],
            "identifier": prefix,
            "status": ["ok"],
            "country": "CN",
            "node": {name: node[name] for name in _PUBLIC},
        }
        return found | ({"regTime": filed["regTime"]} if filed else {})

    async def named(self, pattern: str, limit: int) -> list[dict[str, Any]]:
        """Return the objects whose names fit a pattern, which may end in ``*``."""
        start = pattern.removesuffix("*")
        found: list[dict[str, Any]] = []
        after: bytes | None = b""
        while after is not None and len(found) < limit:
            page = await self._register.page(names.PREFIX_OF_PREFIXES, after=after, limit=1000)
            for handle in page.handles:
                described = await self.described(names.fold(handle)[5:].decode(errors="replace"))
                name = "" if described is None else described["node"]["name"]
                fits = name.startswith(start) if pattern.endswith("*") else name == start
                if described is not None and name and fits and len(found) < limit:
                    found.append(described)
            after = page.after
        return found
