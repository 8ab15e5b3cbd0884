"""The fixtures of a node, a part of the composition root; what reads them is loaded when somebody gives some."""

from __future__ import annotations

import asyncio
import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idnode.node.defaults import SettingsRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from idnode.node.fixtures.giving import FixtureGiving
    from idnode.node.fixtures.reading import FixtureText
    from idnode.node.services import NodeServices
    from idnode.node.states import Built
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register

_log = logging.getLogger(__name__)


class GivenFixtures:
    """Gives a node its fixtures; ``written`` is its register without what a data set computes."""

    def __init__(
        self, built: Built, services: NodeServices, clock: Clock, written: Register
    ) -> None:
        self._built = built
        self._services = services
        self._clock = clock
        self._written = written

    @cached_property
    def _giving(self) -> FixtureGiving:
        from idnode.node.fixtures.desk import Desk  # noqa: PLC0415  # late
        from idnode.node.fixtures.giving import FixtureGiving  # noqa: PLC0415

        built = self._built
        return FixtureGiving(
            Desk(
                node_prefix=built.settings.prefix,
                register=built.register,
                written=self._written,
                authority=self._services.authority,
                directory=built.parts.directory,
                onboarding=built.parts.onboarding,
                enterprises=built.parts.enterprises,
                templates=built.parts.templates,
                clock=self._clock,
                faults=lambda: built.observation.faults,
            )
        )

    async def give_files(self) -> None:
        """Give what the files of the settings say.

        Raises:
            SettingsRefused: They have mistakes.
            RegistryError: The register refused.

        """
        named = self._built.settings.fixtures
        if named is None:
            return
        paths = [Path(name.strip()) for name in named.split(",")]
        from idnode.node.fixtures.reading import FixturesRefused, read_text  # noqa: PLC0415  # late

        try:
            files = await asyncio.to_thread(lambda: [read_text(path) for path in paths])
            report = await self._giving.apply(files)
        except FixturesRefused as error:
            raise SettingsRefused(f"fixtures: {error}") from error
        kinds = ((kind, counts) for kind, counts in report.items() if kind != "changed")
        given = [
            f"{kind} {counts['added']} added, {counts['changed']} changed"
            for kind, counts in kinds
            if counts["added"] or counts["changed"]
        ]
        _log.info("fixtures: %s", "; ".join(given) or "all of it was there")

    async def apply(self, files: Sequence[FixtureText]) -> dict[str, Any]:
        """Have the node be as files say; see `idnode.node.fixtures.giving`."""
        return await self._giving.apply(files)

    def dump(self, prefix: str = "") -> AsyncIterator[dict[str, Any]]:
        """Yield what the node has, or what it has below one prefix."""
        return self._giving.dump(prefix)
