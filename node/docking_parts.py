"""Docking of one node: as the national one it takes filings and reports, as a secondary one it makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack

    from idnode.node.docking.docking import Docking
    from idnode.node.service.docking.national import NationalNode
    from idnode.node.services import NodeServices
    from idnode.node.settings import Settings
    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register


class DockingParts:
    """The part of docking that a node has by its role; ``report`` is what it reports upward."""

    def __init__(
        self,
        settings: Settings,
        register: Register,
        clock: Clock,
        report: Callable[[], dict[str, Any]],
    ) -> None:
        self.national: NationalNode | None = None
        if settings.role == "national":
            from idnode.node.service.docking.national import NationalNode  # noqa: PLC0415  # late

            self.national = NationalNode(register, clock)
        self.docking: Docking | None = None
        self._prefix = settings.prefix
        self._clock = clock
        self._report = report

    def dock(
        self, national: str, services: NodeServices, directory: Directory, running: AsyncExitStack
    ) -> None:
        """File enterprises and prefixes at the national node at a URL from now on, until ``running`` is closed."""
        if self.docking is not None:
            return
        from idnode.node.docking.docking import Docking  # noqa: PLC0415  # with clients and XML

        key = services.site.signing_key
        self.docking = Docking(
            national, self._prefix, key, directory, self._clock, report=self._report
        )
        running.push_async_callback(self.docking.stop)
        self.docking.start()

    def told(self) -> dict[str, Any]:
        """Return what ``/api/v1/docking`` tells."""
        return {
            "filed": {} if self.docking is None else self.docking.filed,
            "reports": {} if self.national is None else self.national.reports,
        }
