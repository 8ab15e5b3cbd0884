"""A batch goes through the writer like any submission.

* Among other submissions it is carried out in its turn, and sees what those before it did.
* It may be larger than a segment: it is one group all the same, in a segment as large as it takes.
* A full queue, a closed register and a broken disk refuse it; what is not durable is not visible.
* Whoever watches hears of the prefix handles in it; the account of live bytes is right.
"""

import asyncio
import errno
import logging
from dataclasses import replace

import msgpack
import pytest

from idnode.registry.embedded import writer as writers
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN
from idnode.registry.embedded.storage.check import check
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.errors import HandleExists, RegisterBusy, RegisterClosed
from idnode.registry.mutation import Create, Delete


def request(*handles, data="x"):
    return msgpack.packb([[handle, [[1, "URL", data]]] for handle in handles])


async def read(register, *handles, data="x"):
    return await register.read_batch(request(*handles, data=data), lines=False, now=1)


async def test_it_is_carried_out_in_its_turn(opened, packed):
    register = await opened()
    values = packed((1, b"first"))
    first, second = [await read(register, "88.900.1/a", "88.900.1/b") for _ in range(2)]

    async def submit(mutations):  # a batch is submitted when it is awaited, so these are, too
        return await register.submit(mutations)

    created, _none, deleted, _nothing, again = await asyncio.gather(
        submit([Create(b"88.900.1/a", values)]),
        register.submit_batch(first),
        submit([Delete(b"88.900.1/A"), Create(b"88.900.1/c", values)]),
        register.submit_batch(second),
        submit([Create(b"88.900.1/a", values), Delete(b"88.900.1/b")]),
    )
    assert not created[0].replaced
    assert [type(error) for _at, error, _handle in first.failures()] == [HandleExists]
    assert deleted[0].replaced
    assert [(at, handle) for at, _error, handle in second.failures()] == [(1, b"88.900.1/b")]
    assert isinstance(again[0], HandleExists)
    assert again[1].replaced
    assert (first.accepted, second.accepted) == (1, 1)
    assert (await register.page(b"88.900.1")).handles == [b"88.900.1/a", b"88.900.1/c"]


class CountingDisk(Disk):
    def __init__(self):
        self.syncs = 0

    def sync_data(self, descriptor):
        self.syncs += 1
        super().sync_data(descriptor)


async def test_those_that_wait_share_a_sync_and_see_each_other(opened, options):
    disk = CountingDisk()
    register = await opened(replace(options, disk=disk))
    await register.submit_batch(await read(register, "88.900.1/there"))
    first = await read(register, "88.900.1/a", "88.900.1/b")
    aborted = await read(register, "88.900.1/c", "88.900.1/A")
    again = await read(register, "88.900.1/C", "88.900.1/B", "88.900.1/d")
    over = await read(register, "88.900.1/D", "88.900.1/e", "88.900.1/there")
    disk.syncs = 0
    await asyncio.gather(
        register.submit_batch(first),
        register.submit_batch(aborted, all_or_nothing=True),
        register.submit_batch(again),
        register.submit_batch(over, overwrite=True),
    )
    assert disk.syncs == 1
    assert [batch.accepted for batch in (first, aborted, again, over)] == [2, 0, 2, 3]
    assert over.replaced == 2
    assert [at for at, _error, _handle in again.failures()] == [1]
    listed = [b"a", b"b", b"C", b"D", b"e", b"there"]
    assert (await register.page(b"88.900.1")).handles == [b"88.900.1/" + each for each in listed]
    register = await opened()
    assert await register.count(b"88.900.1") == 6


async def test_it_may_be_larger_than_a_segment(opened, tmp_path):
    register = await opened()
    batch = await read(register, *(f"88.900.1/{i}" for i in range(2000)), data="x" * 700)
    await register.submit_batch(batch)
    assert register.stats().figures["segments"] == 1  # empty before, so it grew
    whole = await read(register, *(f"88.900.2/{i}" for i in range(2000)), data="y" * 700)
    await register.submit_batch(whole, all_or_nothing=True)
    assert register.stats().figures["segments"] == 2
    sizes = [path.stat().st_size for path in (tmp_path / "register").glob("segment-*.log")]
    assert all(size > 2000 * 700 > SEGMENT_BYTES_MIN for size in sizes)
    assert (batch.accepted, whole.accepted) == (2000, 2000)
    stats = register.stats()
    assert stats.figures["log_live_bytes"] > 4000 * 750
    register = await opened()
    assert register.stats().figures["log_live_bytes"] == stats.figures["log_live_bytes"]
    assert await register.count(b"88.900.1") == await register.count(b"88.900.2") == 2000
    assert register.lookup(b"88.900.2/1999").values.endswith(b"y" * 700 + bytes(4))
    await register.close()
    assert check(tmp_path / "register").healthy


async def test_a_full_queue_and_a_closed_register_refuse_it(opened, monkeypatch):
    register = await opened()
    batch = await read(register, "88.900.1/a", "88.900.1/b")
    monkeypatch.setattr(writers, "WRITE_QUEUE_ITEMS_MAX", 1)
    with pytest.raises(RegisterBusy):
        await register.submit_batch(batch)
    assert await register.count(b"88.900.1") == 0
    await register.close()
    with pytest.raises(RegisterClosed):
        await register.submit_batch(batch)


class BrokenDisk(Disk):
    broken = False

    def sync_data(self, descriptor):
        if self.broken:
            raise OSError(errno.EIO, "no more")
        super().sync_data(descriptor)


async def test_what_is_not_durable_is_not_visible(opened, options, caplog):
    caplog.set_level(logging.CRITICAL + 1)
    disk = BrokenDisk()
    register = await opened(replace(options, disk=disk))
    await register.submit_batch(await read(register, "88.900.1/a"))
    disk.broken = True
    with pytest.raises(RegisterClosed):
        await register.submit_batch(await read(register, "88.900.1/b"))
    assert register.lookup(b"88.900.1/b") is None
    assert await register.count(b"88.900.1") == 1


async def test_watchers_and_accounts_are_told(opened):
    register = await opened()
    told = []
    register.watch(lambda key: told.append((key, register.lookup(key) is not None)))
    batch = await read(register, "0.na/88.900.1", "88.900.1/a", "0.NA/88.900.2")
    await register.submit_batch(batch)
    assert told == [(b"0.NA/88.900.1", True), (b"0.NA/88.900.2", True)]
    assert batch.accepted_by_prefix() == {b"0.na": 1, b"0.NA": 1, b"88.900.1": 1}
    live = register.stats().figures["log_live_bytes"]
    await register.submit_batch(await read(register, "88.900.1/A"), overwrite=True)
    assert register.stats().figures["log_live_bytes"] == live
    assert register.lookup(b"88.900.1/a").handle == b"88.900.1/A"


async def test_a_batch_of_nothing_writes_nothing(opened):
    register = await opened()
    mark = register._log.mark()
    batch = await read(register)
    await register.submit_batch(batch)
    assert (batch.accepted, list(batch.failures())) == (0, [])
    assert register._log.mark() == mark
