"""The writer makes durable, then visible, then acknowledges; and after a failure promises nothing more.

* Under ``commit`` each group is synced before it is seen or answered; what queued meanwhile shares a sync.
* A lone write is one sync. Under ``interval`` a timer syncs; under ``none`` only closing does.
* When the disk fails, all that waits and all that comes is refused, nothing of it is seen, reads go on, and
  the next opening finds what was acknowledged.
* The event loop turns while a large batch is worked on.
* The queue is bounded in bytes; a batch that must be whole is bounded too.
* The observer is told each group's seconds and mutations.
"""

import asyncio
import errno
import logging
import threading

import pytest

from idnode.registry.embedded import writer as writers
from idnode.registry.embedded.options import Durability, RegisterOptions
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.errors import HandleNotFound, RegisterBusy, RegisterClosed
from idnode.registry.handle.errors import RecordTooLarge
from idnode.registry.mutation import Applied, Create, Delete

NEW = Applied(replaced=False)


class WatchedDisk(Disk):
    """A disk that counts its data syncs, can hold them back, and can fail."""

    def __init__(self):
        self.syncs = 0
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.broken = False

    def sync_data(self, descriptor):
        self.entered.set()
        self.gate.wait()
        if self.broken:
            raise OSError(errno.EIO, "the disk is broken")
        self.syncs += 1
        super().sync_data(descriptor)

    def pwrite(self, descriptor, data, offset):
        if self.broken:
            raise OSError(errno.EIO, "the disk is broken")
        return super().pwrite(descriptor, data, offset)


@pytest.fixture
def disk():
    watched = WatchedDisk()
    yield watched
    watched.gate.set()


def creates(packed, count, start=0):
    return [Create(b"88.900.1/%d" % i, packed((1, b"x"))) for i in range(start, start + count)]


async def submit_for_ever(register, mutation):
    while True:
        await register.submit([mutation])


async def test_a_write_is_neither_seen_nor_answered_before_its_sync(opened, packed, disk):
    register = await opened(RegisterOptions(disk=disk))
    disk.entered.clear()
    disk.gate.clear()
    pending = asyncio.ensure_future(register.submit(creates(packed, 1)))
    await asyncio.to_thread(disk.entered.wait)
    assert not pending.done()
    assert register.lookup(b"88.900.1/0") is None
    disk.gate.set()
    assert await pending == [NEW]
    assert register.lookup(b"88.900.1/0") is not None


async def test_what_queues_meanwhile_shares_one_sync(opened, packed, disk):
    register = await opened(RegisterOptions(disk=disk))
    disk.entered.clear()
    disk.gate.clear()
    first = asyncio.ensure_future(register.submit(creates(packed, 1)))
    await asyncio.to_thread(disk.entered.wait)
    others = [asyncio.ensure_future(register.submit(creates(packed, 1, i))) for i in range(1, 50)]
    await asyncio.sleep(0)
    before = disk.syncs
    disk.gate.set()
    await asyncio.gather(first, *others)
    assert disk.syncs - before == 2


async def test_a_lone_write_is_one_sync(opened, packed, disk):
    register = await opened(RegisterOptions(disk=disk))
    before = disk.syncs
    for i in range(5):
        await register.submit(creates(packed, 1, i))
    assert disk.syncs - before == 5


async def test_what_is_refused_needs_no_sync(opened, disk):
    register = await opened(RegisterOptions(disk=disk))
    before = disk.syncs
    (outcome,) = await register.submit([Delete(b"88.900.1/a")])
    assert isinstance(outcome, HandleNotFound)
    assert disk.syncs == before


async def test_under_interval_a_timer_syncs(opened, packed, disk):
    options = RegisterOptions(disk=disk, durability=Durability.INTERVAL, interval_seconds=0.001)
    register = await opened(options)
    disk.gate.clear()
    disk.entered.clear()
    assert await register.submit(creates(packed, 1)) == [NEW]
    await asyncio.to_thread(disk.entered.wait)
    disk.gate.set()


async def test_under_none_only_closing_syncs(opened, packed, disk):
    register = await opened(RegisterOptions(disk=disk, durability=Durability.NONE))
    before = disk.syncs
    for i in range(5):
        await register.submit(creates(packed, 1, i))
    assert disk.syncs == before
    await register.close()
    assert disk.syncs == before + 1


@pytest.mark.parametrize("durability", Durability)
async def test_a_broken_disk_ends_all_writing_but_no_reading(
    opened, packed, disk, durability, caplog
):
    caplog.set_level(logging.CRITICAL + 1)
    register = await opened(RegisterOptions(disk=disk, durability=durability))
    await register.submit(creates(packed, 3))
    disk.broken = True
    waiting = [register.submit(creates(packed, 1, 10 + i)) for i in range(3)]
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [RegisterClosed] * 3
    disk.broken = False
    with pytest.raises(RegisterClosed) as refused:
        await register.submit(creates(packed, 1, 20))
    assert isinstance(refused.value.__cause__, OSError)
    assert register.lookup(b"88.900.1/2") is not None
    assert register.lookup(b"88.900.1/10") is None
    assert register.stats().figures["queue_items"] == 0
    again = await opened()
    assert not again.recovered.from_image
    assert await again.count(b"88.900.1") == 3


async def test_a_timer_that_cannot_sync_ends_all_writing(opened, packed, disk, caplog):
    caplog.set_level(logging.CRITICAL + 1)
    options = RegisterOptions(disk=disk, durability=Durability.INTERVAL, interval_seconds=0.001)
    register = await opened(options)
    disk.gate.clear()
    await register.submit(creates(packed, 1))
    disk.broken = True
    disk.entered.clear()
    disk.gate.set()
    with pytest.raises(RegisterClosed):
        await submit_for_ever(register, Delete(b"88.900.1/nothing"))
    assert register.lookup(b"88.900.1/0") is not None


async def test_the_loop_turns_while_a_large_batch_is_worked_on(opened, packed):
    register = await opened(RegisterOptions(durability=Durability.NONE))
    pending = asyncio.ensure_future(register.submit(creates(packed, 10_000)))
    turns = 0
    while not pending.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10_000 // 512 * 3


async def test_the_queue_is_bounded_in_bytes(opened, packed, monkeypatch):
    monkeypatch.setattr(writers, "WRITE_QUEUE_BYTES_MAX", 10_000)
    register = await opened()
    large = Create(b"88.900.1/large", packed((1, bytes(9_000))))
    pending = asyncio.ensure_future(register.submit([large]))
    await asyncio.sleep(0)
    with pytest.raises(RegisterBusy):
        await register.submit([large])
    assert await pending == [NEW]
    assert (await register.submit([Delete(b"88.900.1/large")]))[0] == Applied(replaced=True)


async def test_a_whole_batch_beyond_its_bytes_is_refused_whole(opened, packed, monkeypatch):
    monkeypatch.setattr(writers, "WHOLE_BYTES_MAX", 10_000)
    register = await opened()
    batch = [Create(b"88.900.1/%d" % i, packed((1, bytes(4_000)))) for i in range(3)]
    outcomes = await register.submit(batch, all_or_nothing=True)
    assert [type(outcome) for outcome in outcomes] == [RecordTooLarge] * 3
    assert await register.count(b"88.900.1") == 0
    assert await register.submit(batch[:2], all_or_nothing=True) == [NEW] * 2


async def test_a_whole_batch_that_does_not_fit_beside_others_gets_its_own_group(
    opened, packed, monkeypatch
):
    monkeypatch.setattr(writers, "GROUP_ITEMS_MAX", 5)
    groups = []
    register = await opened(RegisterOptions(commit_observer=lambda _, items: groups.append(items)))
    await asyncio.gather(
        register.submit(creates(packed, 3)),
        register.submit(creates(packed, 4, 10), all_or_nothing=True),
    )
    assert groups == [3, 4]


async def test_the_observer_is_told_seconds_and_mutations_of_each_group(opened, packed):
    told = []
    register = await opened(RegisterOptions(commit_observer=lambda *facts: told.append(facts)))
    await register.submit(creates(packed, 3))
    ((seconds, items),) = told
    assert seconds > 0
    assert items == 3
