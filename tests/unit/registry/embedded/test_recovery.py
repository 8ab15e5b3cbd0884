"""A register comes up from the image of its clean stop, or from its log when the image is of no use.

* After a clean stop no record is read; after a crash all are; both lead to the same contents.
* An image that is damaged anywhere, cut anywhere, or of another end of the log is passed over.
* The image stands as long as nothing changes, and is gone before the log goes on.
* A torn tail is cut and told; damage elsewhere refuses the opening and lets the folder go.
* A write that was cut short anywhere leaves a first part of its submission, or, where all or nothing was asked,
  nothing of it.
* What was read back after a crash is synced before anything is built on it.
"""

import logging

import pytest
from tests.killed_copy import killed_copy

from idnode.registry.embedded import image
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.segment import HEADER_BYTES, file_name
from idnode.registry.errors import LogDamaged, RegisterClosed
from idnode.registry.mutation import Create, Delete

SMALL = RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "register"


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.ERROR)


async def fill(register, packed, count=20):
    await register.submit(
        [Create(b"88.900.1/%d" % i, packed((1, b"%d" % i))) for i in range(count)]
    )
    await register.submit([Delete(b"88.900.1/0")])


async def handles(register):
    return (await register.page(b"88.900.1")).handles


async def test_after_a_clean_stop_no_record_is_read(opened, packed):
    await fill(await opened(SMALL), packed)
    report = (await opened(SMALL)).recovered
    assert (report.from_image, report.records) == (True, 0)
    assert report.seconds > 0


async def test_after_a_crash_all_records_are_read(opened, packed, folder, tmp_path):
    register = await opened(SMALL)
    await fill(register, packed)
    killed_copy(folder, tmp_path / "crashed")
    again = await EmbeddedRegister.open(tmp_path / "crashed", SMALL)
    report = again.recovered
    assert (report.from_image, report.records, report.cut_bytes) == (False, 21, 0)
    assert await handles(again) == await handles(register)
    await again.close()


async def test_a_damaged_image_is_passed_over(opened, packed, folder):
    register = await opened(SMALL)
    await fill(register, packed)
    expected = await handles(register)
    await register.close()
    path = folder / image.FILE_NAME
    whole = path.read_bytes()
    broken = [whole[:end] for end in range(0, len(whole), 7)]
    broken += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))]
    for content in broken[::5]:
        path.write_bytes(content)
        again = await opened(SMALL)
        assert not again.recovered.from_image
        assert await handles(again) == expected
        await again.close()


async def test_an_image_of_another_end_is_passed_over(opened, packed, folder):
    register = await opened(SMALL)
    await fill(register, packed)
    await register.close()
    old = (folder / image.FILE_NAME).read_bytes()
    register = await opened(SMALL)
    await register.submit([Create(b"88.900.1/later", packed((1, b"x")))])
    await register.close()
    (folder / image.FILE_NAME).write_bytes(old)
    again = await opened(SMALL)
    assert not again.recovered.from_image
    assert again.lookup(b"88.900.1/later") is not None


async def test_the_image_stands_until_the_log_goes_on(opened, packed, folder):
    await fill(await opened(SMALL), packed)
    register = await opened(SMALL)
    register.lookup(b"88.900.1/1")
    await register.submit([Delete(b"88.900.1/nothing")])
    assert (folder / image.FILE_NAME).exists()
    await register.submit([Delete(b"88.900.1/1")])
    assert not (folder / image.FILE_NAME).exists()
    await register.close()
    assert (folder / image.FILE_NAME).exists()


async def test_a_torn_tail_is_cut_and_told(opened, packed, folder):
    register = await opened(SMALL)
    await fill(register, packed)
    await register.close()
    image.remove(folder)
    with (folder / file_name(1)).open("r+b") as file:
        file.seek(_end(folder))
        file.write(b"\x11" * 13)
    again = await opened(SMALL)
    report = again.recovered
    assert report.cut_bytes >= 13
    assert report.cut_reason
    assert await again.count(b"88.900.1") == 19


def _end(folder):
    data = (folder / file_name(1)).read_bytes().rstrip(b"\0")
    return -(-len(data) // 8) * 8


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "single"])
async def test_a_write_cut_short_anywhere_leaves_a_first_part_or_nothing(
    opened, packed, folder, tmp_path, whole
):
    register = await opened(SMALL)
    await fill(register, packed)
    start = _end(folder)
    batch = [Create(b"88.900.2/%d" % i, packed((1, b"x"))) for i in range(8)]
    await register.submit(batch, all_or_nothing=whole)
    end = _end(folder)
    size = (end - start) // len(batch)
    for cut in range(start, end + 1, 8):
        crashed = tmp_path / str(cut)
        killed_copy(folder, crashed)
        with (crashed / file_name(1)).open("r+b") as file:
            file.seek(cut)
            file.write(bytes(end - cut))
        again = await EmbeddedRegister.open(crashed, SMALL)
        expected = (cut - start) // size
        if whole:
            expected = len(batch) if expected == len(batch) else 0
        assert await again.count(b"88.900.2") == expected
        assert await again.count(b"88.900.1") == 19
        assert all(again.lookup(b"88.900.2/%d" % i) is not None for i in range(expected))
        await again.close()


async def test_damage_elsewhere_refuses_the_opening_and_lets_the_folder_go(opened, packed, folder):
    register = await opened(SMALL)
    await fill(register, packed)
    await register.close()
    image.remove(folder)
    path = folder / file_name(1)
    whole = path.read_bytes()
    path.write_bytes(whole[: HEADER_BYTES + 30] + b"\xff" + whole[HEADER_BYTES + 31 :])
    for _ in range(2):
        with pytest.raises(LogDamaged):
            await EmbeddedRegister.open(folder, SMALL)
    path.write_bytes(whole)
    again = await opened(SMALL)
    assert await again.count(b"88.900.1") == 19


async def test_what_was_read_back_is_synced_before_anything_is_built_on_it(
    opened, packed, folder, tmp_path
):
    class CountingDisk(Disk):
        syncs = 0

        def sync_data(self, descriptor):
            self.syncs += 1
            super().sync_data(descriptor)

    await fill(await opened(SMALL), packed)
    killed_copy(folder, tmp_path / "crashed")
    disk = CountingDisk()
    again = await EmbeddedRegister.open(
        tmp_path / "crashed", RegisterOptions(segment_bytes=SEGMENT_BYTES_MIN, disk=disk)
    )
    assert disk.syncs == 1
    await again.close()


async def test_an_opening_tells_its_progress_and_can_be_given_up(opened, packed, folder):
    register = await opened(SMALL)
    await fill(register, packed)
    await register.close()
    image.remove(folder)

    def give_up(_done, _total):
        raise RegisterClosed("given up")

    with pytest.raises(RegisterClosed):
        await EmbeddedRegister.open(folder, SMALL, progress=give_up)
    told = []
    again = await EmbeddedRegister.open(folder, SMALL, progress=lambda *facts: told.append(facts))
    assert told[-1][0] == told[-1][1] > 0
    await again.close()
