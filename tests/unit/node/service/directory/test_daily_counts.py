"""DailyCounts are counted for prefixes that live here, by day in China, and survive what a directory may do."""

import pytest

from idnode.node.service.directory.daily_counts import DAYS_KEPT, DailyCounts, Total, Volume
from idnode.node.service.events import NullObserver
from idnode.registry.directory.errors import DirectoryUnavailable
from idnode.registry.directory.store import Directory, sqlite_url

DAY = 86_400


class Clock:
    """A clock that is set by hand."""

    at = 1_700_000_000.0

    def now(self):
        return self.at

    def elapsed(self):
        return self.at


class Here:
    """An authority of two prefixes."""

    homed = frozenset({b"88.900.1", b"88.900.2"})


@pytest.fixture
async def directory(tmp_path):
    opened = await Directory.open(sqlite_url(tmp_path / "d.sqlite"))
    yield opened
    await opened.close()


@pytest.fixture
def volumes(directory):
    return DailyCounts(directory, Here(), Clock())


async def test_counts_are_added_up_by_prefix_and_day(volumes):
    volumes.add(b"88.900.1", 3, 1)
    await volumes.save()
    volumes.add(b"88.900.1", 1, 1)
    volumes.add(b"88.900.2", 0, 5)
    volumes.add(b"99.9.9", 7, 7)
    today = "2023-11-15"
    assert await volumes.of_days() == [
        Volume("88.900.1", today, 4, 2),
        Volume("88.900.2", today, 0, 5),
    ]
    assert await volumes.of_days("88.900.2") == [Volume("88.900.2", today, 0, 5)]


async def test_a_day_is_over_when_it_is_in_china_and_old_days_go(volumes):
    clock = volumes._clock
    clock.at = 1_700_063_999.0
    volumes.add(b"88.900.1", 1, 0)
    await volumes.save()
    clock.at += 1
    volumes.add(b"88.900.1", 2, 0)
    assert [(each.day, each.registrations) for each in await volumes.of_days()] == [
        ("2023-11-16", 2),
        ("2023-11-15", 1),
    ]
    clock.at += (DAYS_KEPT + 1) * DAY
    volumes.add(b"88.900.1", 5, 0)
    assert [each.registrations for each in await volumes.of_days(days=1000)] == [5]


async def test_what_a_refused_directory_could_not_keep_is_kept_later(volumes, monkeypatch):
    async def refuse(_):
        raise DirectoryUnavailable("locked")

    volumes.add(b"88.900.1", 1, 0)
    with monkeypatch.context() as patched:
        patched.setattr(volumes._directory, "write", refuse)
        with pytest.raises(DirectoryUnavailable):
            await volumes.save()
    volumes.add(b"88.900.1", 1, 0)
    assert (await volumes.of_days())[0].registrations == 2


async def test_the_observer_beside_counts_successes_and_tells_everything(volumes):
    class Told(NullObserver):
        events = ()

        def registered(self, *event):
            self.events += (("registered", *event),)

        def resolved(self, *event):
            self.events += (("resolved", *event),)

    told = Told()
    observer = volumes.beside(told)
    observer.registered(1, b"88.900.1", 5)
    observer.registered(101, b"88.900.1", 2)
    observer.resolved(1, b"88.900.1", 1)
    observer.resolved(100, b"88.900.1", 1)
    observer.answered("resolve", 1, b"", 0.1)
    assert len(told.events) == 4
    assert (await volumes.of_days())[0][2:] == (5, 1)


async def test_the_largest_prefixes_of_some_days_come_first(volumes):
    clock = volumes._clock
    volumes.add(b"88.900.1", 3, 4)
    volumes.add(b"88.900.2", 0, 5)
    await volumes.save()
    clock.at += DAY
    volumes.add(b"88.900.2", 1, 2)
    largest = Total("88.900.2", 1, 7)
    assert await volumes.top(10) == [largest, Total("88.900.1", 3, 4)]
    assert await volumes.top(1) == [largest]
    assert await volumes.top(10, days=1) == [Total("88.900.2", 1, 2)]
