"""Compaction gives dead bytes back and changes nothing that anybody can see.

* Segments with enough dead bytes go; the live records stay readable, as before, also after reopening.
* A record that changes while its segment is in work keeps the change.
* A deletion is not forgotten while an older segment still holds what it deleted.
* In the oldest segment tombstones go too, so that deleting everything gives nearly everything back.
* Below the share nothing is touched; a damaged segment stops compaction and nothing else.
* Closing does not wait for a segment to be finished.
"""

import asyncio
import logging

import pytest

from idnode.registry.embedded import compaction, image
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions
from idnode.registry.embedded.storage.segment import HEADER_BYTES, file_name
from idnode.registry.mutation import AddValues, Create, Delete

SMALL = RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN, compact_dead_share=0.5)
NEVER = RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN, compact_dead_share=2.0)
COUNT = 120
"""Records of some five kilobytes each: more than one segment."""


@pytest.fixture(autouse=True)
def _hasty(monkeypatch):
    for name in ("REST_SECONDS", "LOOK_SECONDS", "BUSY_SECONDS"):
        monkeypatch.setattr(compaction, name, 0.0001)


def handle(i):
    return b"88.900.1/%03d" % i


def data(i, version):
    return b"%d %d " % (i, version) * 1000


async def write(register, packed, version, which=range(COUNT)):
    for i in which:
        await register.submit([Create(handle(i), packed((1, data(i, version))), overwrite=True)])


async def assert_versions(register, packed, versions):
    assert await register.count(b"88.900.1") == len(versions)
    for i, version in versions.items():
        assert register.lookup(handle(i)).values == packed((1, data(i, version)))


def segments(folder):
    return sorted(path.name for path in folder.glob("segment-*.log"))


async def settled(register):
    """Wait until compaction has nothing left to do."""
    while register._compaction._choose() is not None:  # noqa: ASYNC110  # what is awaited has no event
        await asyncio.sleep(0)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "register"


async def test_dead_bytes_are_given_back_and_live_records_stay(opened, packed, folder):
    register = await opened(SMALL)
    for version in range(5):
        await write(register, packed, version, range(COUNT - version))
    await settled(register)
    expected = {i: min(4, COUNT - 1 - i) for i in range(COUNT)}
    await assert_versions(register, packed, expected)
    assert file_name(1) not in segments(folder)
    stats = register.stats()
    assert stats.figures["log_dead_bytes"] < stats.figures["log_live_bytes"] + 2 * SEGMENT_BYTES_MIN
    await register.close()
    image.remove(folder)
    await assert_versions(await opened(SMALL), packed, expected)


async def test_records_that_change_meanwhile_keep_the_change(opened, packed, folder):
    register = await opened(NEVER)
    await write(register, packed, 1)
    await write(register, packed, 2, range(0, COUNT, 2))
    register = await opened(SMALL)
    versions = {i: 1 + (i % 2 == 0) for i in range(COUNT)}
    for i in range(1, COUNT, 2):
        await register.submit([AddValues(handle(i), packed((1, data(i, 3))), overwrite=True)])
        versions[i] = 3
    await settled(register)
    await assert_versions(register, packed, versions)
    assert file_name(1) not in segments(folder)


async def test_a_deletion_outlives_its_segment_while_older_ones_hold_the_record(
    opened, packed, folder
):
    register = await opened(NEVER)
    await write(register, packed, 1)
    await register.submit([Delete(handle(0))])
    deleted_in = register._log.mark().segment
    await write(register, packed, 2, range(60, COUNT))
    await write(register, packed, 3, range(60, COUNT))
    assert register._log.mark().segment > deleted_in > 1
    register = await opened(SMALL)
    await settled(register)
    assert file_name(deleted_in) not in segments(folder)
    assert file_name(1) in segments(folder)
    await register.close()
    image.remove(folder)
    register = await opened(NEVER)
    assert register.lookup(handle(0)) is None
    assert await register.count(b"88.900.1") == COUNT - 1


async def test_deleting_everything_gives_nearly_everything_back(opened, packed, folder):
    register = await opened(SMALL)
    await write(register, packed, 1)
    await register.submit([Delete(handle(i)) for i in range(COUNT)])
    for _ in range(60):
        await write(register, packed, 2, [0])
    await register.submit([Delete(handle(0))])
    await settled(register)
    assert len(segments(folder)) == 1
    assert register.stats().figures["log_live_bytes"] == 0
    await register.close()
    image.remove(folder)
    assert (await opened(SMALL)).stats().identifiers == 0


async def test_below_the_share_nothing_is_touched(opened, packed, folder):
    register = await opened(SMALL)
    await write(register, packed, 1)
    before = segments(folder)
    await write(register, packed, 2, range(0, COUNT, 6))
    await settled(register)
    assert set(before) <= set(segments(folder))


async def test_a_damaged_segment_stops_compaction_and_nothing_else(opened, packed, folder, caplog):
    caplog.set_level(logging.CRITICAL)
    register = await opened(NEVER)
    await write(register, packed, 1)
    await write(register, packed, 2, range(1, COUNT))
    await register.close()
    path = folder / file_name(1)
    whole = bytearray(path.read_bytes())
    whole[HEADER_BYTES + 100] ^= 1
    path.write_bytes(whole)
    register = await opened(SMALL)
    await asyncio.wait_for(register._compaction._task, 30)
    assert file_name(1) in segments(folder)
    await register.submit([Delete(handle(5))])
    assert register.lookup(handle(6)) is not None


async def test_closing_does_not_wait_for_a_segment_to_be_finished(
    opened, packed, folder, monkeypatch
):
    register = await opened(NEVER)
    await write(register, packed, 1)
    await write(register, packed, 2, range(0, COUNT, 2))
    monkeypatch.setattr(compaction, "REST_SECONDS", 3600)
    monkeypatch.setattr(compaction, "STEP_BYTES", 1)
    register = await opened(SMALL)
    await asyncio.sleep(0)
    await register.close()
    assert file_name(1) in segments(folder)
    await assert_versions(await opened(NEVER), packed, {i: 1 + (i % 2 == 0) for i in range(COUNT)})
