"""Promises of the register about a system that is short of room or of descriptors.

* A group that meets a shortage is refused as busy, whole: nothing of it is visible, then or after a restart, and
  sequences go on without a gap. Reading goes on.
* The next submission after the shortage succeeds; without one the register finds out by itself.
* With descriptors kept back, the log rotates when connections have taken all others.
* A failed sync is final, whatever the system calls it. Each state says its reason, in one line of the log.
"""

import asyncio
import errno
import logging
import os

import msgpack
import pytest

from idnode.registry.embedded import shortage
from idnode.registry.embedded.core import CORES
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, Durability, RegisterOptions
from idnode.registry.embedded.storage.check import check
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.shortage import SHORTAGES, SpareDescriptors
from idnode.registry.errors import RegisterBusy, RegisterClosed, RegisterShort
from idnode.registry.mutation import Create

PREFIX = b"88.900.1"


class ShortDisk(Disk):
    """A disk that is short of something on request, for one kind of call."""

    def __init__(self):
        self.code = None
        self.calls = ()

    def _meet(self, call):
        if self.code is not None and call in self.calls:
            raise OSError(self.code, os.strerror(self.code))

    def open(self, path, flags):
        self._meet("open")
        return super().open(path, flags)

    def pwrite(self, descriptor, data, offset):
        self._meet("pwrite")
        return super().pwrite(descriptor, data, offset)

    def sync_data(self, descriptor):
        self._meet("sync_data")
        super().sync_data(descriptor)

    def short(self, code, *calls):
        self.code, self.calls = code, calls


@pytest.fixture
def disk():
    return ShortDisk()


@pytest.fixture
def creates(packed):
    def make(start, count=1, size=1):
        value = packed((1, bytes(size)))
        return [Create(PREFIX + b"/%d" % i, value) for i in range(start, start + count)]

    return make


async def until(condition):
    """Wait until something holds, as the loop turns."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # what is waited for is a state, not an event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("code", sorted(SHORTAGES))
@pytest.mark.parametrize("durability", Durability)
async def test_a_shortage_refuses_a_group_and_the_next_one_succeeds(
    opened, creates, disk, code, durability, monkeypatch
):
    monkeypatch.setattr(shortage, "PAUSE_SECONDS", 3600.0)
    register = await opened(RegisterOptions(disk=disk, durability=durability))
    await register.submit(creates(0, 3))
    disk.short(code, "pwrite")
    waiting = [register.submit(creates(10 + i)) for i in range(3)]
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [RegisterShort] * 3
    assert issubclass(RegisterShort, RegisterBusy)
    assert not register.writable
    assert register.unwritable == os.strerror(code)
    assert register.lookup(PREFIX + b"/2") is not None
    assert register.lookup(PREFIX + b"/10") is None
    assert register.stats().figures["queue_items"] == 0
    disk.short(None)
    await register.submit(creates(20, 2))
    assert register.writable
    assert not register.failed
    again = await opened()
    assert await again.count(PREFIX) == 5
    assert again.lookup(PREFIX + b"/10") is None


async def test_a_register_that_nobody_writes_to_finds_out_that_a_shortage_is_over(
    opened, creates, disk, monkeypatch, caplog
):
    monkeypatch.setattr(shortage, "PAUSE_SECONDS", 0.005)
    register = await opened(RegisterOptions(disk=disk))
    disk.short(errno.ENOSPC, "pwrite")
    with pytest.raises(RegisterShort, match="No space left"):
        await register.submit(creates(0))
    for _ in range(3):
        with pytest.raises(RegisterShort):
            await register.submit(creates(0))
    disk.short(None)
    await until(lambda: register.writable)
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in said] == [
        "no writes are taken for now: [Errno 28] No space left on device; reads go on",
        "writes are taken again; 4 submissions were refused",
    ]
    assert not any(record.exc_info for record in said)


@pytest.mark.parametrize("call", ["open", "pwrite"])
async def test_a_segment_roll_that_meets_a_shortage_is_made_up_for(opened, creates, disk, call):
    register = await opened(RegisterOptions(disk=disk, segment_bytes=SEGMENT_BYTES_MIN))
    await register.submit(creates(0, 4, 100_000))
    disk.short(errno.EMFILE, call)
    with pytest.raises(RegisterShort):
        await register.submit(creates(10, 4, 100_000))
    disk.short(None)
    await register.submit(creates(20, 4, 100_000))
    assert register.stats().figures["segments"] == 2
    again = await opened()
    assert await again.count(PREFIX) == 8


@pytest.mark.skipif("native" not in CORES, reason="needs the compiled core")
async def test_batches_in_one_group_are_refused_together(opened, disk):
    register = await opened(RegisterOptions(disk=disk))

    async def batch(number):
        items = [(PREFIX + b"/%d.%d" % (number, i), [(1, "URL", b"x")]) for i in range(50)]
        read = await register.read_batch(msgpack.packb(items), lines=False, now=0)
        await register.submit_batch(read)

    disk.short(errno.ENOSPC, "pwrite")
    results = await asyncio.gather(*map(batch, range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [RegisterShort] * 5
    assert await register.count(PREFIX) == 0
    disk.short(None)
    await asyncio.gather(*map(batch, range(5)))
    assert await register.count(PREFIX) == 250
    again = await opened()
    assert await again.count(PREFIX) == 250


async def test_a_long_submission_is_refused_with_the_part_that_was_not_written(
    opened, creates, disk
):
    register = await opened(RegisterOptions(disk=disk, segment_bytes=SEGMENT_BYTES_MIN))
    pending = register.submit(creates(0, 40, 100_000))
    await until(lambda: register.stats().identifiers > 0)
    disk.short(errno.ENOSPC, "pwrite")
    with pytest.raises(RegisterShort):
        await pending
    carried_out = await register.count(PREFIX)
    assert carried_out < 40
    disk.short(None)
    again = await opened()
    assert await again.count(PREFIX) == carried_out
    assert again.lookup(PREFIX + b"/%d" % (carried_out - 1)) is not None


async def test_a_failed_sync_is_final_even_for_want_of_room(opened, creates, disk, caplog):
    register = await opened(RegisterOptions(disk=disk))
    disk.short(errno.ENOSPC, "sync_data")
    with pytest.raises(RegisterClosed):
        await register.submit(creates(0))
    disk.short(None)
    with pytest.raises(RegisterClosed):
        await register.submit(creates(1))
    assert register.failed
    assert "No space left" in register.unwritable
    (said,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert said.exc_info is None


def exhaust():
    """Return descriptors that leave none to anybody."""
    held = []
    try:
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return held


@pytest.fixture
def few_descriptors():
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_the_log_rotates_when_others_have_taken_all_descriptors(
    opened, creates, few_descriptors
):
    register = await opened(RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN))
    held = exhaust()
    try:
        for start in range(0, 40, 4):
            await register.submit(creates(start, 4, 100_000))
        assert register.writable
    finally:
        for descriptor in held:
            os.close(descriptor)
    assert register.stats().figures["segments"] == 10
    again = await opened()
    assert await again.count(PREFIX) == 40


def test_spare_descriptors_are_given_up_one_by_one_and_taken_again(tmp_path, few_descriptors):
    spares = SpareDescriptors(3)
    spares.keep()
    held = exhaust()

    def open_one():
        return os.open(tmp_path / "file", os.O_CREAT, 0o600)

    opened = [spares.carry_out(open_one) for _ in range(3)]
    with pytest.raises(OSError, match="Too many open files"):
        spares.carry_out(open_one)
    for descriptor in opened:
        os.close(descriptor)
        spares.closed()
    for descriptor in held:
        os.close(descriptor)
    assert spares._give_up_one()
    assert spares._give_up_one()
    assert spares._give_up_one()
    assert not spares._give_up_one()


async def test_what_a_full_disk_leaves_is_healthy(opened, creates, disk, tmp_path):
    register = await opened(RegisterOptions(disk=disk))
    await register.submit(creates(0, 10))
    disk.short(errno.ENOSPC, "pwrite")
    with pytest.raises(RegisterShort):
        await register.submit(creates(10, 10))
    await register.close()
    assert check(tmp_path / "register").healthy
    assert not (tmp_path / "register" / "reserve").exists()
