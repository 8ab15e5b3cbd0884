"""The data set of a node: laid under its register, and told what the node's own prefix handles tell."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from node.protocol.keys import encode_public_key
from node.service.computed_prefixes import ComputedPrefixes
from node.service.overlay import Overlay
from registry.datasets.choice import make

if TYPE_CHECKING:
    from node.service.foundation import Foundation
    from node.settings import Settings
    from registry.store import EmbeddedRegister


class ServedDataset:
    """A data set that a node serves; `overlay` is to be used in the register's place."""

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

    def report(self) -> dict[str, Any]:
        """Return what ``/api/v1/stats`` tells of it."""
        return {
            "name": self.dataset.name,
            "seed": self.dataset.seed,
            "identifiers": self.overlay.count_computed(),
            "enterprises": len(self.dataset.enterprises),
        }
