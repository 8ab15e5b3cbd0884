"""Describes what the overlay needs of a data set: identifiers that are computed, prefix by prefix."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Computed(Protocol):
    """The computed identifiers of one prefix, in ascending order of their folded suffixes."""

    @property
    def count(self) -> int:
        """Return how many there are; positions go from 0 up to it."""

    @property
    def handle(self) -> Callable[[int], bytes]:
        """Gives the handle at a position; it is its own folded form."""

    @property
    def position(self) -> Callable[[bytes], int]:
        """Gives the position of a folded suffix, -1 when there is no such identifier."""

    @property
    def values(self) -> Callable[[int], bytes]:
        """Gives the packed values at a position."""


class NativePrefix(Protocol):
    """The computed identifiers of one prefix as native readers find and write them; see `computed.h`."""

    @property
    def prefix(self) -> bytes:
        """The folded prefix."""

    @property
    def capsule(self) -> object:
        """Holds the C interface, which is good as long as this object is there."""


class Dataset(Protocol):
    """A data set."""

    @property
    def count(self) -> int:
        """Return how many identifiers it has."""

    def computes(self, prefix: bytes, /) -> bool:
        """Return whether it has identifiers of a folded prefix, without making them."""

    def identifiers(self, prefix: bytes, /) -> Computed | None:
        """Return the computed identifiers of a folded prefix, ``None`` when it has none."""


class ComputedPrefix:
    """The computed identifiers of one prefix, and which of them are not what they were computed to be.

    ``whiteouts`` are the positions that somebody changed or deleted. Of these the deleted ones are kept in order,
    so that a place in the listing is found without walking.
    """

    __slots__ = ("computed", "deleted", "public", "whiteouts")

    def __init__(self, computed: Computed, *, public: bool) -> None:
        self.computed = computed
        self.public = public
        self.whiteouts: set[int] = set()
        self.deleted: list[int] = []

    def whiteout(self, position: int, *, deleted: bool) -> None:
        """Note that a position was changed, and whether there is nothing at it now."""
        self.whiteouts.add(position)
        at = bisect_left(self.deleted, position)
        present = at < len(self.deleted) and self.deleted[at] == position
        if deleted and not present:
            insort(self.deleted, position)
        elif present and not deleted:
            del self.deleted[at]

    @property
    def listed(self) -> int:
        """Return how many positions have an identifier, computed or changed."""
        return self.computed.count - len(self.deleted)

    def listed_from(self, position: int) -> Iterator[int]:
        """Yield the positions from this one on that have an identifier."""
        skipped = self.deleted
        at = bisect_left(skipped, position)
        while position < self.computed.count:
            if at < len(skipped) and skipped[at] == position:
                at += 1
            else:
                yield position
            position += 1

    def position_of_listed(self, number: int) -> int:
        """Return the position of the identifier that stands as number ``number``, from 0, in the listing."""
        skipped = self.deleted
        before = bisect_right(range(len(skipped)), number, key=lambda at: skipped[at] - at)
        return number + before
