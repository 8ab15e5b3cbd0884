"""What the writer asks of a submission that decides, encodes and applies itself: a batch in compiled code."""

from collections.abc import Sequence
from typing import Protocol

from registry.storage.frames import Stretch


class Framed(Protocol):
    """A submission of its own commit group, carried out in the writer's thread."""

    whole: bool
    """Whether all of it is logged as one group, or nothing."""

    def admit(self, sequence: int, *, first: bool) -> int:
        """Decide everything, encode what is accepted, and return how many records that are.

        ``sequence`` is that of the first one, and ``first`` whether it is the first since a sync. Called in the
        writer's thread, while no other group is under way.
        """
        ...

    def frame(self) -> memoryview:
        """Return the encoded records, one behind the other."""
        ...

    def apply(self, stretches: Sequence[Stretch]) -> None:
        """Make the records visible, now that they lie there, durably; called in the writer's thread."""
        ...

    def settle(self) -> None:
        """Account for what became visible, and tell those who watch; called on the event loop."""
        ...
