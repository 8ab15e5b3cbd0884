"""The whole data set: 6.5 billion identifiers by rank, by handle and by prefix."""

from bisect import bisect_right
from random import Random
from typing import Final

from idnode.registry.datasets.suzhou.enterprises import Enterprise, enterprises
from idnode.registry.datasets.suzhou.identifiers import Identifiers
from idnode.registry.datasets.suzhou.nodes import IDENTIFIERS, NODES
from idnode.registry.handle.names import fold

SEED: Final = 2021
"""The seed of the data set when none is given."""


class Suzhou:
    """Suzhou's identifiers of one seed; the same on every machine.

    A rank counts identifiers through the enterprises in the order of nodes and of their numbers there, and
    within an enterprise in the order of registration.
    """

    name: Final = "suzhou"
    count: Final = IDENTIFIERS

    def __init__(self, seed: int = SEED) -> None:
        self.seed = seed
        self.enterprises = enterprises(seed)
        self._starts = [enterprise.start for enterprise in self.enterprises]
        self._by_prefix = {enterprise.prefix: enterprise for enterprise in self.enterprises}
        self._nodes = {node.prefix: node for node in NODES}
        self._made: dict[bytes, Identifiers] = {}

    def prefixes(self) -> list[bytes]:
        """Return the prefixes of nodes and enterprises, ascending by their bytes."""
        return sorted([*self._nodes, *self._by_prefix])

    def enterprise(self, prefix: bytes) -> Enterprise | None:
        """Return the enterprise with this prefix."""
        return self._by_prefix.get(prefix)

    def computes(self, prefix: bytes) -> bool:
        """Return whether there are identifiers under a prefix."""
        return prefix in self._by_prefix

    def title(self, prefix: bytes) -> str | None:
        """Return the name of the node or enterprise with this prefix."""
        enterprise = self._by_prefix.get(prefix)
        if enterprise is not None:
            return enterprise.name
        node = self._nodes.get(prefix)
        return None if node is None else node.name

    def identifiers(self, prefix: bytes) -> Identifiers | None:
        """Return the identifiers under an enterprise's prefix, ``None`` for any other prefix."""
        found = self._made.get(prefix)
        if found is None:
            enterprise = self._by_prefix.get(prefix)
            if enterprise is None:
                return None
            found = self._made[prefix] = Identifiers(enterprise)
        return found

    def enterprise_of(self, rank: int) -> Enterprise:
        """Return the enterprise to which a rank belongs.

        Raises:
            IndexError: There is no such rank.

        """
        if not 0 <= rank < IDENTIFIERS:
            raise IndexError(f"Ranks go from 0 to {IDENTIFIERS - 1}")
        return self.enterprises[bisect_right(self._starts, rank) - 1]

    def handle(self, rank: int) -> bytes:
        """Return the handle of a rank.

        Raises:
            IndexError: There is no such rank.

        """
        enterprise = self.enterprise_of(rank)
        found = self.identifiers(enterprise.prefix)
        assert found is not None
        return found.handle(found.position_of_turn(rank - enterprise.start))

    def rank(self, handle: bytes) -> int | None:
        """Return the rank of a handle in any spelling, ``None`` when it was never issued."""
        prefix, _, suffix = fold(handle).partition(b"/")
        found = self.identifiers(prefix)
        if found is None:
            return None
        position = found.position(suffix)
        if position < 0:
            return None
        return self._by_prefix[prefix].start + found.turn_of_position(position)

    def sample(self, count: int, chance: Random) -> list[bytes]:
        """Return so many handles by chance, each of the 6.5 billion as likely as any other."""
        return [self.handle(chance.randrange(IDENTIFIERS)) for _ in range(count)]
