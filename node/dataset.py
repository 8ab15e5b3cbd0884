"""The data set of a node: laid under its register, and told what the node's own prefix handles tell."""

from __future__ import annotations

import asyncio
import logging
from random import Random
from typing import TYPE_CHECKING, Any, Final

from idnode.registry.datasets.choice import make_share
from idnode.registry.handle.types.hs_pubkey import encode_public_key
from idnode.registry.overlay.prefix_handles import ComputedPrefixHandles
from idnode.registry.overlay.register import OverlayRegister

if TYPE_CHECKING:
    from idnode.node.answering import Answering
    from idnode.node.first_start.prefixes import NodeSite
    from idnode.node.settings import Settings
    from idnode.node.shared import Shared
    from idnode.registry.register import Register

_MADE_AT_ONCE: Final = 8
"""Enterprises made for native code between two turns of the event loop: about three milliseconds of work."""

_PAUSE_SECONDS: Final = 0.003

_log = logging.getLogger(__name__)


class ServedDataset:
    """A data set that a node serves; `overlay` is to be used in the register's place. Made by `open`.

    Its prefix handles tell the node's ``site``, public key and secret.
    """

    overlay: OverlayRegister
    native: asyncio.Task[None]
    """Done once native code answers for the data set."""

    def __init__(self, settings: Settings, site: NodeSite) -> None:
        from idnode.registry.datasets.suzhou.records import (  # noqa: PLC0415  # only with a data set
            TIMESTAMP,
        )

        assert settings.dataset is not None
        self.dataset = make_share(settings.dataset)
        self._prefixes = ComputedPrefixHandles(self.dataset, settings.prefix.encode(), TIMESTAMP)
        self._prefixes.publish(
            site=site.site,
            public_key=encode_public_key(site.signing_key.public_key()),
            secret=settings.secret.get_secret_value().encode(),
        )

    @classmethod
    async def open(cls, register: Register, settings: Settings, site: NodeSite) -> ServedDataset:
        """Put a register before the data set of the settings.

        Raises:
            RegistryError: The register cannot be read.

        """
        served = cls(settings, site)
        served.overlay = await OverlayRegister.open(register, served.dataset, served._prefixes)
        return served

    def sample(self, seed: int) -> str:
        """Return one of its identifiers, chosen by a seed."""
        chance = Random(seed)  # noqa: S311  # an example, no secret
        found = self.dataset.sample(1, chance)
        return found[0].decode() if found else ""

    def answer_natively(
        self, answering: Answering, shared: Shared | None = None
    ) -> asyncio.Task[None]:
        """Begin to make every enterprise's identifiers for native code, if there is any; to be cancelled."""
        made = self._make_native(answering) if shared is None else self._in_turn(answering, shared)
        self.native = asyncio.get_running_loop().create_task(made)
        return self.native

    async def _in_turn(self, answering: Answering, shared: Shared) -> None:
        """Make them once all nodes of this process answer, one node after the other."""
        await shared.started.wait()
        async with shared.making:
            await self._make_native(answering)

    async def _make_native(self, answering: Answering) -> None:
        """Make a few at a time, and have them used once all are made."""
        if not answering.native:
            return
        try:
            from idnode.registry.datasets.suzhou.compiled import (  # noqa: PLC0415  # may not be built
                compiled,
            )
        except ImportError as error:
            _log.warning("the data set is computed in Python only: %s", error)
            return
        made = {}
        for number, enterprise in enumerate(self.dataset.enterprises):
            identifiers = self.dataset.identifiers(enterprise.prefix)
            assert identifiers is not None
            made[enterprise.prefix] = compiled(enterprise, identifiers)
            if number % _MADE_AT_ONCE == 0:
                await asyncio.sleep(_PAUSE_SECONDS)
        answering.compute(made)
        _log.info("native answers for the data set's %d enterprises", len(made))

    def report(self) -> dict[str, Any]:
        """Return what ``/api/v1/stats`` tells of it."""
        return {
            "name": self.dataset.name,
            "seed": self.dataset.seed,
            "identifiers": self.overlay.count_computed(),
            "enterprises": len(self.dataset.enterprises),
        }
