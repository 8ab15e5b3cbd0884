"""The data set of a node: laid under its register, and told what the node's own prefix handles tell."""

from __future__ import annotations

import asyncio
import logging
from random import Random
from typing import TYPE_CHECKING, Any, Final

from node.protocol.keys import encode_public_key
from node.service.computed_prefixes import ComputedPrefixes
from node.service.overlay import Overlay
from registry.datasets.choice import make

if TYPE_CHECKING:
    from node.answering import Answering
    from node.service.foundation import Foundation
    from node.settings import Settings
    from registry.store import EmbeddedRegister

_MADE_AT_ONCE: Final = 8
"""Enterprises made for native code between two turns of the event loop: about three milliseconds of work."""

_PAUSE_SECONDS: Final = 0.003

_log = logging.getLogger(__name__)


class ServedDataset:
    """A data set that a node serves; `overlay` is to be used in the register's place."""

    native: asyncio.Task[None]
    """Done once native code answers for the data set."""

    def __init__(self, register: EmbeddedRegister, settings: Settings) -> None:
        from registry.datasets.suzhou.records import TIMESTAMP  # noqa: PLC0415  # only with a data set

        assert settings.dataset is not None
        self.dataset = make(settings.dataset)
        self._secret = settings.secret.get_secret_value().encode()
        self._prefixes = ComputedPrefixes(self.dataset, settings.prefix.encode(), TIMESTAMP)
        self.overlay = Overlay(register, self.dataset, self._prefixes)

    def tell(self, foundation: Foundation) -> None:
        """Put the node's site, public key and secret into the data set's prefix handles."""
        self._prefixes.tell(
            site=foundation.site,
            public_key=encode_public_key(foundation.signing_key.public_key()),
            secret=self._secret,
        )

    def sample(self, seed: int) -> str:
        """Return one of its identifiers, chosen by a seed."""
        chance = Random(seed)  # noqa: S311  # an example, no secret
        return self.dataset.sample(1, chance)[0].decode()

    def answer_natively(self, answering: Answering) -> asyncio.Task[None]:
        """Begin to make every enterprise's identifiers for native code, if there is any; to be cancelled."""
        self.native = asyncio.get_running_loop().create_task(self._make_native(answering))
        return self.native

    async def _make_native(self, answering: Answering) -> None:
        """Make a few at a time, and have them used once all are made."""
        if not answering.native:
            return
        try:
            from registry.datasets.suzhou.compiled import compiled  # noqa: PLC0415  # may not be built
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
