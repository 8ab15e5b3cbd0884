"""Names which identifiers are asked for: a space of names by rank, a choice of ranks, and a share of missing names."""

from math import exp, expm1, gcd, log, log1p
from random import Random
from typing import Final, Protocol

_SCATTER: Final = 0x9E3779B97F4A7C15
"""Far from every small ratio, so that neighbouring ranks land far apart."""


class KeySpace(Protocol):
    """Identifiers by rank."""

    @property
    def size(self) -> int:
        """Return how many there are."""
        ...

    def handle(self, rank: int) -> bytes:
        """Return the identifier at a rank from 0 on."""
        ...


class WrittenSpace:
    """Identifiers that the load test itself has written under a prefix before it began."""

    def __init__(self, prefix: str, size: int) -> None:
        self.size = size
        self._start = f"{prefix}/load-".encode()

    def handle(self, rank: int) -> bytes:
        """Return the identifier at a rank; all end in 0, so that `missing_name` is never one of them."""
        return b"%b%08d-0" % (self._start, rank)


def missing_name(handle: bytes) -> bytes:
    """Return a name like this one that was never issued: its last digit, a check digit, is off by one."""
    last = handle[-1] - ord("0")
    return b"%b%d" % (handle[:-1], (last + 1) % 10)


class Choice(Protocol):
    """Chooses the next rank."""

    def rank(self) -> int:
        """Return a rank."""
        ...


class Uniform:
    """Every rank is as likely as any other: what a cache can do nothing about."""

    def __init__(self, size: int, chance: Random) -> None:
        self._size = size
        self._chance = chance

    def rank(self) -> int:
        """Return a rank."""
        return self._chance.randrange(self._size)


class Scan:
    """One rank after the other, from a random one on, and from the end to the beginning."""

    def __init__(self, size: int, chance: Random) -> None:
        self._size = size
        self._next = chance.randrange(size)

    def rank(self) -> int:
        """Return a rank."""
        found = self._next
        self._next = (found + 1) % self._size
        return found


class Zipf:
    """The k-th most popular is asked for k to the power of ``exponent`` times less often than the first.

    Drawn by rejection-inversion in constant time and space whatever the size (W. Hörmann, G. Derflinger,
    "Rejection-inversion to generate variates from monotone discrete distributions", 1996). The popular ones
    are scattered over the ranks, the same ones for every user.
    """

    def __init__(self, size: int, chance: Random, *, exponent: float) -> None:
        self._size = size
        self._chance = chance
        self._exponent = exponent
        self._low = self._area(1.5) - 1.0
        self._high = self._area(size + 0.5)
        self._sure = 2.0 - self._inverse(self._area(2.5) - self._density(2.0))
        self._factor = _SCATTER % size or 1
        while gcd(self._factor, size) != 1:
            self._factor += 1

    def rank(self) -> int:
        """Return a rank."""
        return self.popularity() * self._factor % self._size

    def popularity(self) -> int:
        """Return how popular the next one is: 0 the most, ``size`` - 1 the least."""
        while True:
            area = self._low + self._chance.random() * (self._high - self._low)
            place = self._inverse(area)
            whole = min(max(int(place + 0.5), 1), self._size)
            if whole - place <= self._sure or area >= self._area(whole + 0.5) - self._density(
                whole
            ):
                return whole - 1

    def _density(self, place: float) -> float:
        return float(place**-self._exponent)

    def _area(self, place: float) -> float:
        """Return the integral of the density from 1 to a place."""
        scaled = (1.0 - self._exponent) * log(place)
        return log(place) * (expm1(scaled) / scaled if abs(scaled) > 1e-8 else 1.0 + scaled / 2)

    def _inverse(self, area: float) -> float:
        """Return the place up to which the density has this integral."""
        scaled = max(area * (1.0 - self._exponent), -1.0 + 1e-15)
        return exp(area * (log1p(scaled) / scaled if abs(scaled) > 1e-8 else 1.0 - scaled / 2))


class Keys:
    """Draws what one user asks for: (identifier, whether it exists), a share of them missing on purpose."""

    def __init__(
        self, space: KeySpace, choice: Choice, chance: Random, *, missing_percent: float
    ) -> None:
        self._space = space
        self._choice = choice
        self._chance = chance
        self._missing = missing_percent / 100

    def next(self) -> tuple[bytes, bool]:
        """Return an identifier to ask for, and whether it exists."""
        handle = self._space.handle(self._choice.rank())
        if self._missing and self._chance.random() < self._missing:
            return missing_name(handle), False
        return handle, True
