"""A part of the data set: the enterprises that one node of a tree serves."""

from bisect import bisect_right
from itertools import accumulate
from random import Random
from typing import Final

from idnode.registry.datasets.suzhou.dataset import Suzhou
from idnode.registry.datasets.suzhou.enterprises import Enterprise
from idnode.registry.datasets.suzhou.identifiers import Identifiers


class Share:
    """The enterprises of ``only``, prefixes of secondary nodes and of enterprises, but for those of ``without``."""

    name: Final = "suzhou"

    def __init__(
        self, whole: Suzhou, only: frozenset[bytes], without: frozenset[bytes] = frozenset()
    ) -> None:
        self.seed = whole.seed
        self.enterprises = tuple(
            enterprise
            for enterprise in whole.enterprises
            if (enterprise.prefix in only or enterprise.node.prefix in only)
            and enterprise.prefix not in without
        )
        self.count = sum(enterprise.volume for enterprise in self.enterprises)
        self._whole = whole
        self._by_prefix = {each.prefix: each for each in self.enterprises}
        self._nodes = {each.node.prefix for each in self.enterprises} & only
        self._ends = list(accumulate(each.volume for each in self.enterprises))

    def prefixes(self) -> list[bytes]:
        """Return the prefixes of its nodes and enterprises, ascending by their bytes."""
        return sorted([*self._nodes, *self._by_prefix])

    def enterprise(self, prefix: bytes) -> Enterprise | None:
        """Return the enterprise with this prefix."""
        return self._by_prefix.get(prefix)

    def computes(self, prefix: bytes) -> bool:
        """Return whether there are identifiers under a prefix."""
        return prefix in self._by_prefix

    def title(self, prefix: bytes) -> str | None:
        """Return the name of the node or enterprise with this prefix."""
        ours = prefix in self._by_prefix or prefix in self._nodes
        return self._whole.title(prefix) if ours else None

    def identifiers(self, prefix: bytes) -> Identifiers | None:
        """Return the identifiers under an enterprise's prefix, ``None`` for any other prefix."""
        return self._whole.identifiers(prefix) if prefix in self._by_prefix else None

    def sample(self, count: int, chance: Random) -> list[bytes]:
        """Return so many handles by chance, each as likely as any other; none if there are no identifiers."""
        if not self.count:
            return []
        return [self._handle(chance.randrange(self.count)) for _ in range(count)]

    def _handle(self, number: int) -> bytes:
        at = bisect_right(self._ends, number)
        enterprise = self.enterprises[at]
        return self._whole.handle(enterprise.start + self._ends[at] - number - 1)
