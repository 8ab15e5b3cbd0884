"""Promises of the chain of segments.

* Whichever step of making a log, rotating or dropping is the last one before a crash: the log opens again,
  has every synced record, no dropped segment comes back after its drop returned, and no file is left over.
* A segment that is missing, too short, too long, swapped, from another log or unexplained is damage, with
  the segment named.
* Nothing of a damaged log is changed by trying to open it.
"""

import os
import shutil

import pytest

from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.log import Log
from idnode.registry.errors import LogDamaged

SEGMENT_BYTES = 1024


class PowerCut(BaseException):
    """The process is gone; no handler of the code under test may see this as an error."""


class DyingDisk(Disk):
    """Dies at the n-th call that changes something, before (or, for writes, half-way through) it."""

    def __init__(self, calls):
        self.calls_left = calls
        self.descriptors = []

    def _step(self):
        if self.calls_left == 0:
            raise PowerCut
        self.calls_left -= 1

    def open(self, path, flags):
        if flags & os.O_CREAT:
            self._step()
        self.descriptors.append(super().open(path, flags))
        return self.descriptors[-1]

    def close(self, descriptor):
        self.descriptors.remove(descriptor)
        super().close(descriptor)

    def pwrite(self, descriptor, data, offset):
        if self.calls_left == 0:
            super().pwrite(descriptor, data[: len(data) // 2], offset)
        self._step()
        return super().pwrite(descriptor, data, offset)

    def truncate(self, descriptor, length):
        self._step()
        super().truncate(descriptor, length)

    def sync(self, descriptor):
        self._step()

    def sync_data(self, descriptor):
        self._step()

    def replace(self, source, target):
        self._step()
        super().replace(source, target)

    def unlink(self, path):
        self._step()
        super().unlink(path)

    def bury(self):
        for descriptor in self.descriptors:
            os.close(descriptor)


def _live(disk, folder, make_records, facts):
    """A short life: made, written, rotated, dropped, written."""
    log = Log.open(folder, segment_bytes=SEGMENT_BYTES, disk=disk)
    list(log.scan())
    for first in range(1, 81, 4):
        facts["tried"] = first + 3
        log.append(make_records(first, 4))
        log.sync()
        facts["synced"] = first + 3
    facts["dropping"] = 2
    log.drop(2)
    facts["dropped"] = 2
    facts["tried"] = 100
    log.append(make_records(81, 20))
    log.sync()
    facts["synced"] = 100
    log.close()
    return log


def _calls_of_a_life(tmp_path, make_records):
    disk = DyingDisk(-1)
    _live(disk, tmp_path / "whole", make_records, {})
    return -1 - disk.calls_left


def test_a_crash_at_any_step_loses_nothing_synced(tmp_path, make_records):
    calls = _calls_of_a_life(tmp_path, make_records)
    assert calls > 80
    for step in range(calls):
        folder = tmp_path / str(step)
        disk, facts = DyingDisk(step), {"tried": 0, "synced": 0}
        with pytest.raises(PowerCut):
            _live(disk, folder, make_records, facts)
        disk.bury()
        log = Log.open(folder, segment_bytes=SEGMENT_BYTES)
        sequences = [record.sequence for record in log.scan()]
        numbers = [info.number for info in log.segments()]
        log.close()

        assert (sequences[-1] if sequences else 0) in range(facts["synced"], facts["tried"] + 1)
        if "dropped" in facts:
            assert 2 not in numbers, f"step {step}: a dropped segment came back"
        if 2 in numbers or "dropping" not in facts:
            assert sequences == list(range(1, len(sequences) + 1)), f"step {step}"
        names = {f"segment-{number:08d}.log" for number in numbers}
        left = {path.name for path in folder.iterdir()} - names
        assert left <= {"MANIFEST.json", "MANIFEST.json.new"}, f"step {step}"


# Damage


@pytest.fixture
def folder(tmp_path, make_records):
    log = Log.open(tmp_path / "log", segment_bytes=SEGMENT_BYTES)
    list(log.scan())
    log.append(make_records(1, 100))
    assert len(log.segments()) == 5
    log.close()
    return tmp_path / "log"


def _refuse(folder, said):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(LogDamaged, match=said):
        Log.open(folder, segment_bytes=SEGMENT_BYTES)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def _segment(folder, number):
    return folder / f"segment-{number:08d}.log"


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_missing_segment_is_damage(folder, number):
    _segment(folder, number).unlink()
    _refuse(folder, f"segment {number}: the file is missing")


def test_an_unexplained_segment_is_damage(folder):
    shutil.copy(_segment(folder, 2), _segment(folder, 6))
    _refuse(folder, "segment 6: .* is not in MANIFEST")


def test_a_blank_next_segment_is_a_rotation_cut_short(folder):
    _segment(folder, 6).write_bytes(_segment(folder, 5).read_bytes()[:64] + bytes(100))
    log = Log.open(folder, segment_bytes=SEGMENT_BYTES)
    assert len(list(log.scan())) == 100
    log.close()
    assert not _segment(folder, 6).exists()


def test_a_blank_earlier_segment_is_damage(folder, tmp_path):
    log = Log.open(folder, segment_bytes=SEGMENT_BYTES)
    list(log.scan())
    log.drop(2)
    log.drop(3)
    log.close()
    _segment(folder, 2).write_bytes(bytes(64))
    _refuse(folder, "segment 2: .* is not in MANIFEST")


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 4), (4, 5)])
def test_swapped_segments_are_damage(folder, one, other):
    first, second = _segment(folder, one).read_bytes(), _segment(folder, other).read_bytes()
    _segment(folder, one).write_bytes(second)
    _segment(folder, other).write_bytes(first)
    _refuse(folder, f"segment {one}")


def test_a_segment_of_another_log_is_damage(folder, tmp_path, make_records):
    log = Log.open(tmp_path / "other", segment_bytes=SEGMENT_BYTES)
    list(log.scan())
    log.append(make_records(1, 100))
    log.close()
    shutil.copy(_segment(tmp_path / "other", 2), _segment(folder, 2))
    _refuse(folder, "segment 2, offset 0: the segment belongs to register")


@pytest.mark.parametrize("change", [-8, -1, 1, 8])
def test_a_sealed_segment_of_another_length_is_damage(folder, change):
    size = _segment(folder, 2).stat().st_size
    os.truncate(_segment(folder, 2), size + change)
    _refuse(folder, "segment 2, .*the manifest says")


def test_an_emptied_active_segment_is_damage(folder):
    os.truncate(_segment(folder, 5), 0)
    _refuse(folder, "segment 5, offset 0: the file has 0 bytes")


def test_a_cut_header_of_the_active_segment_is_damage(folder):
    os.truncate(_segment(folder, 5), 63)
    _refuse(folder, "segment 5, offset 63: the file has 63 bytes, but was made with 1024")


def test_segments_without_a_manifest_are_damage(folder):
    (folder / "MANIFEST.json").unlink()
    _refuse(folder, "MANIFEST.json is missing")


def test_a_manifest_of_an_earlier_time_is_damage(tmp_path, make_records):
    folder = tmp_path / "log"
    log = Log.open(folder, segment_bytes=SEGMENT_BYTES)
    list(log.scan())
    earlier = (folder / "MANIFEST.json").read_bytes()
    log.append(make_records(1, 100))
    log.close()
    (folder / "MANIFEST.json").write_bytes(earlier)
    _refuse(folder, "segment 2: .* is not in MANIFEST")


def test_other_files_are_left_alone(folder):
    (folder / "index.image").write_bytes(b"the register's")
    log = Log.open(folder, segment_bytes=SEGMENT_BYTES)
    assert len(list(log.scan())) == 100
    log.close()
    assert (folder / "index.image").read_bytes() == b"the register's"
