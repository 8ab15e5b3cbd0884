"""Describes how long and how often a benchmark measures."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from benchmarks.node_process import NodeProcess
from benchmarks.records import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Result = TypeVar("Result")


def _silent(_what: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Config:
    """Holds what every benchmark is told."""

    repetitions: int = 5
    """Measurements of each figure; the table shows their median."""

    seconds: float = 1.0
    """Length of one measurement under load."""

    identifiers: int = 100_000
    """One-datagram records in the register of the node that is asked."""

    large_identifiers: int = 10_000
    """Records of 8 values, and as many of 14: answers of two and of three datagrams."""

    bulk_batches: int = 30
    """Batches of 10,000 identifiers in one measurement of bulk registration."""

    pure: bool = False
    """Forbid the compiled core."""

    node: NodeProcess | None = None
    """A node that is already running and filled, shared by several benchmarks."""

    pure_node: NodeProcess | None = None
    """The same without the compiled core, for a column of its own."""

    progress: Callable[[str], None] = _silent
    """Called with a few words before each measurement."""

    @contextmanager
    def serving(self) -> Iterator[NodeProcess]:
        """Give the shared node, or one of our own that ends with the block.

        Raises:
            NodeDidNotStart: The node cannot be served; the message carries its own words.

        """
        if self.node is not None:
            yield self.node
            return
        with NodeProcess.start(pure=self.pure) as node:
            self.progress("filling the node")
            fill(node, small=self.identifiers, large=self.large_identifiers)
            yield node

    def cores(self) -> dict[str, NodeProcess]:
        """Return the shared node as ``ours``, and as ``pure`` the one without the compiled core, if there is one."""
        assert self.node is not None
        return {"ours": self.node} | ({} if self.pure_node is None else {"pure": self.pure_node})

    def by_core(self, measure: Callable[[NodeProcess], Result]) -> dict[str, Callable[[], Result]]:
        """Return a measure of each of `cores`."""
        return {name: partial(measure, node) for name, node in self.cores().items()}

    def interleaved(
        self, measures: Mapping[str, Callable[[], Result]], *, what: str
    ) -> dict[str, list[Result]]:
        """Run the measures in turn, as often as set, so that a slow minute strikes all of them."""
        results: dict[str, list[Result]] = {name: [] for name in measures}
        for number in range(self.repetitions):
            for name, measure in measures.items():
                self.progress(f"{what}: {name}, {number + 1} of {self.repetitions}")
                results[name].append(measure())
        return results
