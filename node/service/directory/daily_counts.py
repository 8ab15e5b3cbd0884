"""Counts how much each prefix registers and resolves a day: counted in memory, kept in the directory.

Counting costs a dictionary look-up a request. Only prefixes that live here are counted, so memory is bounded
by their number; days older than `DAYS_KEPT` are dropped, so the table is bounded, too. A killed process
forgets what it has not put away yet, some seconds' worth.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.node.service.directory.accounts import CHINA
from idnode.registry.directory import orm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

    from idnode.node.service.events import Observer
    from idnode.node.service.identifiers.authority import Authority
    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock

DAYS_KEPT: Final = 400
"""Days of which the volume is kept: a year, and the month before it to compare with."""

_DAY_SECONDS: Final = 86_400
_ROWS_MAX: Final = 10_000


class Volume(NamedTuple):
    """Identifiers of a prefix on one day (``yyyy-MM-dd`` in China)."""

    prefix: str
    day: str
    registrations: int
    resolutions: int


class Total(NamedTuple):
    """Identifiers of a prefix over some days."""

    prefix: str
    registrations: int
    resolutions: int


class DailyCounts:
    """Counts identifiers that were registered and resolved, by prefix and day.

    ``flush`` is called before counts are saved or read: it has told what was counted elsewhere.
    """

    def __init__(
        self,
        directory: Directory,
        authority: Authority,
        clock: Clock,
        flush: Callable[[], None] = lambda: None,
    ) -> None:
        self._directory = directory
        self._homed = authority.homed
        self._clock = clock
        self._counts: dict[bytes, list[int]] = {}
        self._putting_away = False
        self._flush = flush

    def add(self, prefix: bytes, registrations: int, resolutions: int) -> None:
        """Count successes under a prefix in any spelling; one that does not live here is not counted."""
        counts = self._counts.get(prefix)
        if counts is None:
            folded = prefix.upper()
            if folded not in self._homed:
                return
            counts = self._counts.setdefault(folded, [0, 0])
        counts[0] += registrations
        counts[1] += resolutions

    def beside(self, observer: Observer) -> Observer:
        """Return an observer that tells the given one everything, and counts on the way."""
        return _Counting(self, observer)

    def forget(self) -> None:
        """Forget what was counted and not put away yet."""
        self._counts = {}

    async def save(self) -> None:
        """Add what was counted to today's rows in the directory; while one call works, others do nothing.

        Raises:
            DirectoryError: The directory refused; what was counted is counted again next time.

        """
        self._flush()
        if self._putting_away or not self._counts:
            return
        self._putting_away = True
        counts, self._counts = self._counts, {}
        day = self._today()
        try:
            await self._directory.write(lambda session: _add(session, counts, day))
        except BaseException:
            for prefix, (registrations, resolutions) in counts.items():
                self.add(prefix, registrations, resolutions)
            raise
        finally:
            self._putting_away = False

    async def of_days(self, prefix: str = "", *, days: int = 30) -> list[Volume]:
        """Return the volume of the last days, newest first, of one prefix or of all."""
        await self.save()
        since = self._today() - days + 1

        def work(session: Session) -> list[Volume]:
            wanted = orm.select(orm.DayVolume).where(orm.DayVolume.day >= since)
            if prefix:
                wanted = wanted.where(orm.DayVolume.prefix == prefix.upper())
            wanted = wanted.order_by(orm.DayVolume.day.desc(), orm.DayVolume.prefix).limit(
                _ROWS_MAX
            )
            return [
                Volume(row.prefix, _date(row.day), row.registrations, row.resolutions)
                for row in session.scalars(wanted)
            ]

        return await self._directory.read(work)

    async def top(self, count: int, *, days: int = 30) -> list[Total]:
        """Return the prefixes that registered and resolved most in the last days together, the largest first."""
        await self.save()
        since = self._today() - days + 1
        registrations = orm.func.sum(orm.DayVolume.registrations)
        resolutions = orm.func.sum(orm.DayVolume.resolutions)

        def work(session: Session) -> list[Total]:
            wanted = orm.select(orm.DayVolume.prefix, registrations, resolutions)
            wanted = wanted.where(orm.DayVolume.day >= since).group_by(orm.DayVolume.prefix)
            wanted = wanted.order_by((registrations + resolutions).desc(), orm.DayVolume.prefix)
            # PostgreSQL sums big integers to decimals.
            found = session.execute(wanted.limit(count))
            return [Total(name, int(made), int(asked)) for name, made, asked in found]

        return await self._directory.read(work)

    def _today(self) -> int:
        return int(self._clock.now() + CHINA.total_seconds()) // _DAY_SECONDS


class _Counting:
    """An observer between a face and its own observer."""

    __slots__ = (
        *("_add", "_registered", "_resolved"),
        *("answered", "closed", "dropped", "malformed", "opened", "timed"),
    )

    def __init__(self, volumes: DailyCounts, observer: Observer) -> None:
        self._add = volumes.add
        self._registered = observer.registered
        self._resolved = observer.resolved
        self.answered = observer.answered
        self.timed = observer.timed
        self.dropped = observer.dropped
        self.malformed = observer.malformed
        self.opened = observer.opened
        self.closed = observer.closed

    def registered(self, response_code: int, prefix: bytes, count: int, /) -> None:
        self._registered(response_code, prefix, count)
        if response_code == 1:
            self._add(prefix, count, 0)

    def resolved(self, response_code: int, prefix: bytes, count: int, /) -> None:
        self._resolved(response_code, prefix, count)
        if response_code == 1:
            self._add(prefix, 0, count)


def _add(session: Session, counts: Mapping[bytes, list[int]], day: int) -> None:
    session.execute(orm.delete(orm.DayVolume).where(orm.DayVolume.day < day - DAYS_KEPT))
    for prefix, (registrations, resolutions) in sorted(counts.items()):
        name = prefix.decode(errors="replace")[:255]
        if session.get(orm.DayVolume, (name, day)) is None:
            session.add(orm.DayVolume(prefix=name, day=day))
            session.flush()
        # Added by the database, since other nodes on it add to the same rows, in the same order.
        session.execute(
            orm.update(orm.DayVolume)
            .where(orm.DayVolume.prefix == name, orm.DayVolume.day == day)
            .values(
                registrations=orm.DayVolume.registrations + registrations,
                resolutions=orm.DayVolume.resolutions + resolutions,
            )
        )


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY_SECONDS, UTC).date().isoformat()
