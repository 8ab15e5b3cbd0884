"""Names which bytes of which segment still count: what compaction chooses by and statistics show.

A segment is known here by the part of a place that names it (its number modulo `SEGMENTS_MAX`). A tombstone
counts as long as an older segment might hold a record that it hides, so in every segment but the oldest.
"""

from collections.abc import Sequence
from itertools import repeat
from operator import floordiv

from idnode.registry.embedded.limits import SEGMENTS_MAX
from idnode.registry.embedded.storage.record import SPAN_PLACES


class LiveBytes:
    """Bytes of live records and of tombstones, per segment."""

    def __init__(self) -> None:
        self._live: dict[int, int] = {}
        self._tombstones: dict[int, int] = {}

    def add(self, places: Sequence[int], sizes: Sequence[int]) -> None:
        """Count live records; places ascend, as the log gives them out."""
        first = places[0] // SPAN_PLACES
        if places[-1] // SPAN_PLACES == first:
            self._live[first] = self._live.get(first, 0) + sum(sizes)
            return
        segments = map(floordiv, places, repeat(SPAN_PLACES))
        for segment, size in zip(segments, sizes, strict=True):
            self._live[segment] = self._live.get(segment, 0) + size

    def drop(self, place: int, size: int) -> None:
        """Count a record as no longer live."""
        segment = place // SPAN_PLACES
        self._live[segment] = self._live.get(segment, 0) - size

    def adjust(self, segment: int, change: int) -> None:
        """Count that many more, or fewer, bytes of live records in a segment."""
        self._live[segment] = self._live.get(segment, 0) + change

    def add_tombstone(self, place: int, size: int) -> None:
        """Count a record of a deletion."""
        segment = place // SPAN_PLACES
        self._tombstones[segment] = self._tombstones.get(segment, 0) + size

    def forget(self, number: int) -> None:
        """Stop counting a segment that is gone."""
        self._live.pop(number % SEGMENTS_MAX, None)
        self._tombstones.pop(number % SEGMENTS_MAX, None)

    def live_bytes(self, number: int) -> int:
        """Return the bytes of live records in a segment."""
        return self._live.get(number % SEGMENTS_MAX, 0)

    def tombstone_bytes(self, number: int) -> int:
        """Return the bytes of tombstones in a segment."""
        return self._tombstones.get(number % SEGMENTS_MAX, 0)

    def live_bytes_total(self) -> int:
        """Return the bytes of live records in all segments."""
        return sum(self._live.values())

    def as_lists(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return what the image keeps: live bytes and tombstone bytes by segment."""
        return list(self._live.items()), list(self._tombstones.items())

    def restore(
        self, live: Sequence[tuple[int, int]], tombstones: Sequence[tuple[int, int]]
    ) -> None:
        """Take over what `as_lists` gave."""
        self._live = dict(live)
        self._tombstones = dict(tombstones)
