"""Imitates how Suzhou's volume arrives: through the day, in batches of writes and in scans of dependent look-ups.

In 2021 registrations exceeded resolutions four- to ninefold and came in batches of 100 to 1,500; one scan of a product
resolves up to 14 linked identifiers (suzhou.md §3 and §4). Enterprises take part by their share of identifiers, which
is Zipf's. Nothing here knows a network or a clock.
"""

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Final

from idnode.registry.handle.values import unpack

if TYPE_CHECKING:
    from idnode.registry.datasets.suzhou.dataset import Suzhou
    from idnode.registry.handle.model import HandleValue

DAY_SECONDS: Final = 86_400
SCAN_LOOKUPS: Final = 14
BATCH_ITEMS: Final = (100, 1_500)
MISSING_SHARE: Final = 0.02
"""Look-ups of names that were never issued: misread codes and typing errors."""

RECORDS_A_BATCH: Final = 8
"""Different records in one batch: what comes off one line on one day is much alike."""

_LOAD: Final = (
    *(22, 18, 16, 15, 16, 22, 45, 92, 150, 172, 168, 140),
    *(98, 128, 170, 176, 160, 138, 112, 104, 96, 78, 50, 34),
)
"""Load at the beginning of each hour: two shifts, a lunch break, the night."""

_WRITES_TO_READS: Final = (
    *(9.0, 9.0, 9.0, 9.0, 8.5, 8.0, 7.0, 6.0, 5.5, 5.0, 5.0, 4.5),
    *(4.0, 4.5, 5.0, 5.0, 5.0, 5.5, 4.5, 4.0, 4.0, 5.0, 7.0, 8.0),
)
"""Registrations for one resolution: lines write all night, people scan by day."""

_MEAN_LOAD: Final = sum(_LOAD) / 24


def load(second: float) -> float:
    """Return the load at a second of the day, in multiples of the day's mean."""
    return _at(_LOAD, second) / _MEAN_LOAD


def write_share(second: float) -> float:
    """Return the share of registrations in all volume at a second of the day."""
    ratio = _at(_WRITES_TO_READS, second)
    return ratio / (ratio + 1)


def _at(hours: tuple[float, ...], second: float) -> float:
    """Return a value between those of the two hours around a second of the day."""
    hour, part = divmod(second % DAY_SECONDS / 3600, 1)
    before, after = hours[int(hour)], hours[(int(hour) + 1) % 24]
    return before + (after - before) * part


class Scans:
    """Draws what people scan: linked identifiers of one enterprise, now and then a name that was never issued."""

    def __init__(self, dataset: "Suzhou", chance: Random) -> None:
        self._dataset = dataset
        self._chance = chance

    def scan(self) -> list[bytes]:
        """Return the handles that one scan looks up, in order."""
        chance = self._chance
        enterprise = self._dataset.enterprise_of(chance.randrange(self._dataset.count))
        identifiers = self._dataset.identifiers(enterprise.prefix)
        assert identifiers is not None
        position = chance.randrange(identifiers.count)
        found = []
        for _ in range(SCAN_LOOKUPS):
            handle = identifiers.handle(position)
            found.append(_misread(handle) if chance.random() < MISSING_SHARE else handle)
            # Up to what it lies in, or back to what it was made from: earlier positions, ever farther.
            position -= position % chance.choice((8, 24, 500)) or chance.randrange(
                1 + position // 2
            )
        return found


class Batches:
    """Draws what enterprises register beside the data set, in a ring of ``keep`` identifiers that is written again.

    So the volume goes on for ever and what it takes on the disk does not.
    """

    def __init__(self, dataset: "Suzhou", chance: Random, keep: int) -> None:
        self._dataset = dataset
        self._chance = chance
        self._keep = keep
        self._next = 0
        self._homes: dict[int, bytes] = {}

    def size(self) -> int:
        """Return how many items the next batch has."""
        return self._chance.randint(*BATCH_ITEMS)

    def batch(self, size: int) -> Iterator[tuple[str, tuple["HandleValue", ...]]]:
        """Yield handle and values of each item of one enterprise's batch."""
        rank = self._chance.randrange(self._dataset.count)
        enterprise = self._dataset.enterprise_of(rank)
        identifiers = self._dataset.identifiers(enterprise.prefix)
        assert identifiers is not None
        records = [
            unpack(identifiers.values(self._chance.randrange(identifiers.count)))
            for _ in range(RECORDS_A_BATCH)
        ]
        for item in range(size):
            place = self._next
            self._next = (place + 1) % self._keep
            home = self._homes.setdefault(place // BATCH_ITEMS[1], enterprise.prefix)
            yield f"{home.decode()}/LINE-{place:09d}", records[item % RECORDS_A_BATCH]


def _misread(handle: bytes) -> bytes:
    """Return a handle with its last digit wrong, which the check number always tells."""
    return handle[:-1] + b"%d" % ((handle[-1] - 48 + 1) % 10)
