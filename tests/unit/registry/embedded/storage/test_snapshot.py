"""Promises of snapshots.

* A snapshot holds the log as it was at one moment, though the log is appended to, rotated and dropped from
  meanwhile, and can be opened as a log of the same register.
* Sealed segments are linked where possible and copied elsewhere; the log's own files never change by it.
* It is a snapshot only when complete, is never written over another, and its every byte is summed up.
"""

import errno
import json
import threading

import pytest

from idnode.registry.embedded.storage.check import check
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.snapshot import altered_files, load_sums, snapshot
from idnode.registry.errors import LogDamaged


def _sequences(folder, **options):
    log = Log.open(folder, segment_bytes=4096, **options)
    try:
        return [record.sequence for record in log.scan()]
    finally:
        log.close()


def test_a_snapshot_opens_as_a_log_of_the_same_register(open_log, make_records, tmp_path):
    log = open_log()
    log.append(make_records(1, 300))
    report = snapshot(log, tmp_path / "copy")
    assert report.mark == log.mark()
    assert report.files == len(log.segments()) + 1
    assert report.linked == len(log.segments()) - 1
    copy = open_log(tmp_path / "copy", scan=False)
    assert [record.sequence for record in copy.scan()] == list(range(1, 301))
    assert copy.register == log.register
    assert copy.cut is None
    copy.append(make_records(301, 200))
    assert log.mark().sequence == 300


def test_an_empty_log_has_a_snapshot(open_log, tmp_path):
    snapshot(open_log(), tmp_path / "copy")
    assert _sequences(tmp_path / "copy") == []


def test_what_follows_in_the_log_is_not_in_the_snapshot(open_log, make_records, tmp_path):
    log = open_log()
    log.append(make_records(1, 150))
    steps = iter(
        [
            lambda: log.append(make_records(151, 300)),
            lambda: log.drop(1),
            lambda: log.drop(2),
            log.release,
        ]
    )
    snapshot(log, tmp_path / "copy", progress=lambda _done, _total: next(steps, bool)())
    assert log.mark().sequence == 450
    assert check(tmp_path / "copy").healthy
    assert _sequences(tmp_path / "copy") == list(range(1, 151))


def test_a_dropped_segment_is_copied_from_the_view(open_log, make_records, tmp_path, monkeypatch):
    log = open_log()
    log.append(make_records(1, 300))
    view = log.view()
    log.drop(1)
    log.release()
    monkeypatch.setattr(log, "view", lambda: view)
    report = snapshot(log, tmp_path / "copy")
    assert report.linked == len(view.data) - 2
    assert _sequences(tmp_path / "copy") == list(range(1, 301))


def test_snapshots_while_another_thread_appends(open_log, make_records, tmp_path):
    log = open_log()
    started, stop = threading.Event(), threading.Event()

    def append():
        first = 1
        while not stop.is_set() and first < 20_000:
            log.append(make_records(first, 7, flags=[1] * 6))
            first += 7
            started.set()

    writer = threading.Thread(target=append)
    writer.start()
    try:
        assert started.wait(30)
        for number in range(5):
            report = snapshot(log, tmp_path / str(number))
            assert report.mark.sequence % 7 == 0
            assert check(tmp_path / str(number)).healthy
            assert _sequences(tmp_path / str(number)) == list(range(1, report.mark.sequence + 1))
    finally:
        stop.set()
        writer.join()


def test_without_links_everything_is_copied(open_log, make_records, tmp_path, faulty_disk):
    log = open_log()
    log.append(make_records(1, 300))
    faulty_disk.fail("link", errno.EXDEV, times=10)
    assert snapshot(log, tmp_path / "copy", disk=faulty_disk).linked == 0
    name = "segment-00000001.log"
    assert not (tmp_path / "copy" / name).samefile(tmp_path / "log" / name)
    assert _sequences(tmp_path / "copy") == list(range(1, 301))


def test_a_folder_with_something_in_it_is_refused(open_log, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "file").touch()
    with pytest.raises(FileExistsError):
        snapshot(open_log(), tmp_path / "copy")
    assert len(list((tmp_path / "copy").iterdir())) == 1


def test_a_snapshot_cut_short_is_none(open_log, make_records, tmp_path, faulty_disk):
    log = open_log()
    log.append(make_records(1, 150))
    faulty_disk.space = 1000
    with pytest.raises(OSError, match="space"):
        snapshot(log, tmp_path / "copy", disk=faulty_disk)
    assert load_sums(tmp_path / "copy") is None
    log.append(make_records(151, 1))


def test_a_snapshot_that_goes_on_is_none_any_more(open_log, make_records, tmp_path):
    snapshot(open_log(), tmp_path / "copy")
    assert load_sums(tmp_path / "copy") is not None
    open_log(tmp_path / "copy")
    assert load_sums(tmp_path / "copy") is None


def test_progress_counts_the_bytes_of_the_log(open_log, make_records, tmp_path):
    log = open_log()
    log.append(make_records(1, 300))
    told = []
    snapshot(log, tmp_path / "copy", progress=lambda done, total: told.append((done, total)))
    total = sum(info.bytes for info in log.segments())
    assert told[-1] == (total, total)
    assert told == sorted(told)


# Sums


@pytest.fixture
def copy(open_log, make_records, tmp_path):
    log = open_log()
    log.append(make_records(1, 300))
    snapshot(log, tmp_path / "copy")
    return tmp_path / "copy"


def _altered(copy):
    _mark, sums = load_sums(copy)
    told = []
    found = list(altered_files(copy, sums, lambda *facts: told.append(facts)))
    assert told[-1][0] <= told[-1][1]
    return [str(error) for error in found]


def test_untouched_files_are_not_altered(copy):
    assert _altered(copy) == []


def test_each_altered_missing_or_added_file_is_told(copy):
    active = max(copy.glob("*.log"))
    active.write_bytes(active.read_bytes() + b"\0")
    (copy / "MANIFEST.json").unlink()
    (copy / "new").touch()
    assert _altered(copy) == [
        "MANIFEST.json is missing",
        "new is not in the snapshot",
        f"{active.name} is not as it was when the snapshot was taken",
    ]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": {"a": 1}}', '{"files": {}}'])
def test_sums_that_cannot_be_understood_are_damage(tmp_path, content):
    (tmp_path / "SNAPSHOT.json").write_text(content)
    with pytest.raises(LogDamaged, match="cannot be read"):
        load_sums(tmp_path)


def test_the_sums_are_readable_by_people(copy):
    document = json.loads((copy / "SNAPSHOT.json").read_text())
    assert document["mark"]["sequence"] == 300
    assert set(document["files"]["MANIFEST.json"]) == {"bytes", "sha256"}
