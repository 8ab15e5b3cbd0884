"""Promises of the log about segments that go, and about a disk in trouble.

* A dropped segment is gone whole, its copies synced before; places are never given out twice.
* A shortage (of room, of descriptors) refuses what was asked and changes nothing; any other OSError while
  writing, and a failed sync whatever its name, ends the writing for good. Reading goes on and nothing
  acknowledged is lost.
* Whatever is appended is scanned again, and after a cut whole groups of it.
"""

import errno
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.position import Mark
from idnode.registry.embedded.storage.record import CONTINUES, FIRST, PUT, encode
from idnode.registry.embedded.storage.shortage import SHORTAGES, DiskFailed, is_shortage
from idnode.registry.errors import LogDamaged, RegisterClosed


def test_a_dropped_segment_is_gone_and_the_rest_scans(open_log, make_records, tmp_path):
    log = open_log()
    places = log.append(make_records(1, 300))
    dropped = log.segments()[1]
    log.drop(dropped.number)
    assert log.read(places[dropped.first - 1]).sequence == dropped.first
    log.release()
    with pytest.raises(LogDamaged):
        log.read(places[dropped.first - 1])
    assert not (tmp_path / "log" / f"segment-{dropped.number:08d}.log").exists()
    log.close()
    sequences = [record.sequence for record in open_log(scan=False).scan()]
    assert sequences == [*range(1, dropped.first), *range(dropped.last + 1, 301)]


def test_the_next_drop_releases_the_one_before(open_log, make_records):
    log = open_log()
    places = log.append(make_records(1, 300))
    log.drop(1)
    log.drop(2)
    with pytest.raises(LogDamaged):
        log.read(places[0])


def test_a_drop_syncs_the_copies_first(open_log, make_records, faulty_disk):
    log = open_log(disk=faulty_disk)
    log.append(make_records(1, 300))
    faulty_disk.calls.clear()
    log.drop(1)
    assert faulty_disk.calls[0] == "sync_data"
    assert faulty_disk.calls.index("replace") < faulty_disk.calls.index("unlink")


@pytest.mark.parametrize("number", [99, "active"])
def test_only_sealed_segments_can_be_dropped(open_log, make_records, number):
    log = open_log()
    log.append(make_records(1, 300))
    with pytest.raises(ValueError, match="not a sealed segment"):
        log.drop(log.segments()[-1].number if number == "active" else number)
    log.append(make_records(301, 1))


def test_a_number_whose_places_are_taken_is_passed_over(open_log, make_records, monkeypatch):
    monkeypatch.setattr("idnode.registry.embedded.storage.chain.SEGMENTS_MAX", 4)
    monkeypatch.setattr("idnode.registry.embedded.storage.manifest.SEGMENTS_MAX", 4)
    monkeypatch.setattr("idnode.registry.embedded.storage.record.SEGMENTS_MAX", 4)
    log = open_log()
    for first in range(1, 4):
        log.append(make_records(first, 1))
        log.rotate()
    log.drop(2)
    log.release()
    (place,) = log.append(make_records(4, 1))
    log.rotate()
    assert [info.number for info in log.segments()] == [1, 3, 4, 6]
    log.append(make_records(5, 1))
    assert log.read(place).sequence == 4
    with pytest.raises(OSError, match="all segments are in use"):
        log.rotate()
    log.close()
    assert [record.sequence for record in open_log(scan=False).scan()] == [1, 3, 4, 5]


def test_a_full_disk_leaves_nothing_of_the_refused_and_the_log_goes_on(
    open_log, make_records, faulty_disk
):
    log = open_log(disk=faulty_disk)
    places = log.append(make_records(1, 10))
    log.sync()
    faulty_disk.space = 100
    with pytest.raises(OSError, match="space") as caught:
        log.append(make_records(11, 10))
    assert caught.value.errno == errno.ENOSPC
    assert log.mark().sequence == 10
    log.sync()
    faulty_disk.space = None
    places += log.append(make_records(11, 1))
    log.rotate()
    assert [log.read(place).sequence for place in places] == list(range(1, 12))
    log.close()
    again = open_log()
    assert again.cut is None
    assert again.mark().sequence == 11


@pytest.mark.parametrize("code", sorted(SHORTAGES))
@pytest.mark.parametrize("call", ["open", "pwrite", "truncate", "replace"])
def test_a_shortage_undoes_a_rotation_and_the_next_one_succeeds(
    open_log, make_records, faulty_disk, tmp_path, call, code
):
    log = open_log(disk=faulty_disk)
    places = log.append(make_records(1, 3))
    faulty_disk.fail(call, code)
    with pytest.raises(OSError, match=os.strerror(code)) as caught:
        log.rotate()
    assert is_shortage(caught.value)
    assert len(list((tmp_path / "log").iterdir())) == 2, "a segment, and the manifest"
    assert len(log.segments()) == 1
    places += log.append(make_records(4, 1))
    log.rotate()
    places += log.append(make_records(5, 1))
    log.close()
    assert [record.place for record in open_log(scan=False).scan()] == places


def test_the_last_step_of_a_rotation_is_made_up_for_when_opened(
    open_log, make_records, faulty_disk, tmp_path
):
    log = open_log(disk=faulty_disk)
    log.append(make_records(1, 3))
    log.rotate()
    log.append(make_records(4, 1))
    log.close()
    first = tmp_path / "log" / "segment-00000001.log"
    length = first.stat().st_size
    os.truncate(first, 4096)
    again = open_log()
    assert again.mark().sequence == 4
    assert first.stat().st_size == length


def test_a_shortage_takes_back_every_buffer_of_a_group(open_log, make_records, faulty_disk):
    log = open_log(disk=faulty_disk)
    frames = [memoryview(b"".join(make_records(first, 10))) for first in (1, 11, 21)]
    faulty_disk.space = len(frames[0]) + 100
    with pytest.raises(OSError, match="space"):
        log.append_framed(frames, last=30)
    assert log.mark() == Mark(1, 64, 0)
    faulty_disk.space = None
    extents = log.append_framed(frames, last=30)
    assert [log.read(extent.place).sequence for extent in extents] == [1, 11, 21]
    log.close()
    assert len(list(open_log(scan=False).scan())) == 30


def test_what_cannot_be_taken_back_is_cut_when_opened(open_log, make_records, faulty_disk):
    log = open_log(disk=faulty_disk)
    log.append(make_records(1, 10))
    faulty_disk.space = 100
    faulty_disk.overwrites = False
    with pytest.raises(DiskFailed, match="space"):
        log.append(make_records(11, 10, flags=[CONTINUES] * 9))
    with pytest.raises(RegisterClosed, match="failed"):
        log.sync()
    log.close()
    again = open_log()
    assert again.mark().sequence == 10
    assert 92 < again.cut.bytes <= 100


def test_short_writes_are_continued(open_log, make_records, faulty_disk):
    log = open_log(disk=faulty_disk)
    faulty_disk.write_bytes_max = 7
    places = log.append(make_records(1, 10))
    assert [log.read(place).sequence for place in places] == list(range(1, 11))


def test_one_append_is_one_write(open_log, make_records, faulty_disk):
    log = open_log(disk=faulty_disk)
    faulty_disk.calls.clear()
    log.append(make_records(1, 50))
    log.sync()
    log.sync()
    assert faulty_disk.calls == ["pwrite", "sync_data"]


def test_a_failing_sync_is_never_retried(open_log, make_records, faulty_disk):
    log = open_log(disk=faulty_disk)
    places = log.append(make_records(1, 3))
    faulty_disk.fail("sync_data", errno.ENOSPC)
    with pytest.raises(DiskFailed, match="space"):
        log.sync()
    with pytest.raises(RegisterClosed):
        log.sync()
    with pytest.raises(RegisterClosed):
        log.append(make_records(4, 1))
    assert log.read(places[0]).sequence == 1


@pytest.mark.parametrize("call", ["open", "pwrite", "truncate", "sync", "replace"])
def test_a_failing_rotation_ends_the_writing_and_loses_nothing(
    open_log, make_records, faulty_disk, call
):
    log = open_log(disk=faulty_disk)
    log.append(make_records(1, 3))
    faulty_disk.fail(call)
    with pytest.raises(OSError, match="error"):
        log.rotate()
    with pytest.raises(RegisterClosed):
        log.append(make_records(4, 1))
    log.close()
    again = open_log()
    assert again.mark().sequence == 3
    again.append(make_records(4, 200))


def test_a_failing_drop_ends_the_writing_and_loses_nothing(open_log, make_records, faulty_disk):
    log = open_log(disk=faulty_disk)
    log.append(make_records(1, 300))
    faulty_disk.fail("unlink")
    with pytest.raises(OSError, match="error"):
        log.drop(2)
    with pytest.raises(RegisterClosed):
        log.rotate()
    log.close()
    again = open_log()
    assert 2 not in [info.number for info in again.segments()]
    again.append(make_records(301, 200))


groups = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 300), st.booleans()), min_size=1, max_size=25
)


def _append_all(log, shapes):
    """Appends one group or some single records a shape; returns sequences behind each group."""
    ends = [0]
    for count, size, bound in shapes:
        first = log.mark().sequence + 1
        records = [
            encode(
                first + i,
                PUT,
                (FIRST if i == 0 else 0) | (CONTINUES if bound and i < count - 1 else 0),
                b"88.900.1/%d" % i,
                bytes([first % 256]) * size,
            )
            for i in range(count)
        ]
        log.append(records)
        ends += [first + count - 1] if bound else range(first, first + count)
    return ends


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups, st.integers(12, 400), st.data())
def test_a_scan_yields_what_was_appended_and_after_a_cut_whole_groups_of_it(
    tmp_path_factory, shapes, segment_units, data
):
    folder = tmp_path_factory.mktemp("property")
    log = Log.open(folder, segment_bytes=segment_units * 8)
    list(log.scan())
    ends = _append_all(log, shapes)
    mark, sealed = log.mark(), len(log.segments()) - 1
    log.close()

    log = Log.open(folder, segment_bytes=segment_units * 8)
    written = list(log.scan())
    assert [record.sequence for record in written] == list(range(1, ends[-1] + 1))
    assert (log.mark(), log.cut) == (mark, None)
    log.close()

    path = folder / f"segment-{mark.segment:08d}.log"
    length = data.draw(st.integers(64, mark.offset), label="length")
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.truncate(length)
        file.truncate(size)
    log = Log.open(folder, segment_bytes=segment_units * 8)
    kept = list(log.scan())
    assert kept == written[: len(kept)]
    assert len(kept) in ends
    assert len(log.segments()) - 1 == sealed
    log.close()
    log = Log.open(folder, segment_bytes=segment_units * 8)
    assert list(log.scan()) == kept
    assert log.cut is None
    log.close()
