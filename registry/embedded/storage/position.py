"""Describes what the log says about where things lie in it."""

from mmap import mmap
from typing import NamedTuple

from idnode.registry.embedded.storage.manifest import Manifest


class Mark(NamedTuple):
    """A position between two records: ``sequence`` is that of the record before it."""

    segment: int
    offset: int
    sequence: int


class SegmentInfo(NamedTuple):
    """One live segment; ``bytes`` include its header, ``last`` is ``first - 1`` when it is empty."""

    number: int
    bytes: int
    sealed: bool
    first: int
    last: int


class Cut(NamedTuple):
    """A torn tail that was, or must be, cut off."""

    bytes: int
    place: int
    reason: str
    segment: int
    offset: int


class LogView(NamedTuple):
    """The log as it was at one moment; readable however it goes on."""

    mark: Mark
    manifest: Manifest
    data: dict[int, mmap]
    """Mapping of each live segment, by number."""
