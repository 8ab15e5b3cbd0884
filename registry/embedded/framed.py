"""Describes what the writer asks of a submission that decides, encodes and applies itself: a batch in compiled code."""

from collections.abc import Sequence
from typing import Protocol, Self

from idnode.registry.embedded.storage.frames import Extent


class Framed(Protocol):
    """A submission that shares its commit group with its like only, carried out in the writer's thread."""

    whole: bool
    """Whether all of it is logged as one group, or nothing."""

    def admit(self, sequence: int, earlier: Sequence[Self], *, first: bool) -> int:
        """Decide everything, encode what is accepted, and return how many records that are.

        ``earlier`` are those before it in its commit group, admitted but not visible yet; ``sequence`` is that of
        the first record, and ``first`` whether it is the first since a sync. Called in the writer's thread.
        """
        ...

    def frame(self) -> memoryview:
        """Return the encoded records, one behind the other."""
        ...

    def apply(self, extents: Sequence[Extent]) -> None:
        """Make the records visible, now that they lie there, durably; called in the writer's thread."""
        ...

    def flush(self) -> None:
        """Account for what became visible, and tell those who watch; called on the event loop."""
        ...
