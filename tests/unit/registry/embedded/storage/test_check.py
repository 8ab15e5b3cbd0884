"""Promises of the check.

* A whole log or snapshot is healthy; every kind of damage is a problem with its place; one problem does not
  hide the next segment's.
* Nothing is changed without ``repair``; a repair cuts a torn tail, tells what it cut, and touches nothing
  if anything else is wrong, or in a snapshot.
* With the mark of a clean end nothing is forgiven before it; behind it a torn tail is one as ever.
"""

import shutil

import pytest

from idnode.registry.embedded.storage.check import check
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.record import CONTINUES, DELETE, FIRST, encode
from idnode.registry.embedded.storage.snapshot import snapshot


@pytest.fixture
def folder(open_log, make_records, tmp_path):
    log = open_log(segment_bytes=1024)
    log.append(make_records(1, 100))
    log.append([encode(101, DELETE, FIRST, b"88.900.1/1", b"")])
    log.sync()
    log.close()
    return tmp_path / "log"


def _contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _segment(folder, number):
    return folder / f"segment-{number:08d}.log"


def _flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x08
    path.write_bytes(content)


def _tear(folder):
    """Cut into the last record."""
    path = _segment(folder, 5)
    content = path.read_bytes().rstrip(b"\0")
    path.write_bytes((content[:-3] + bytes(600)).ljust(1024, b"\0"))


def test_a_whole_log_is_healthy(folder):
    told = []
    report = check(folder, repair=True, progress=lambda *facts: told.append(facts))
    assert report.healthy
    assert (report.records, report.puts, report.deletes, report.segments) == (101, 100, 1, 5)
    assert not report.snapshot
    assert not report.repaired
    log = Log.open(folder, segment_bytes=1024)
    assert report.bytes == sum(record.size for record in log.scan())
    log.close()
    assert told[-1][0] == told[-1][1]


def test_a_check_of_a_whole_log_changes_nothing(folder):
    before = _contents(folder)
    assert check(folder, repair=True).healthy
    assert _contents(folder) == before


def test_a_torn_tail_is_told_and_changed_only_by_a_repair(folder):
    _tear(folder)
    before = _contents(folder)
    report = check(folder)
    assert not report.healthy
    assert not report.problems
    assert report.torn.segment == 5
    assert report.records == 100
    assert _contents(folder) == before

    repaired = check(folder, repair=True)
    assert repaired.healthy
    assert repaired.repaired
    assert repaired.torn == report.torn
    again = check(folder)
    assert again.healthy
    assert again.torn is None
    log = Log.open(folder, segment_bytes=1024)
    assert len(list(log.scan())) == 100
    assert log.cut is None
    log.close()


def test_an_unfinished_group_is_a_torn_tail(folder, make_records):
    path = _segment(folder, 5)
    content = path.read_bytes().rstrip(b"\0")
    content += bytes(-len(content) % 8)
    group = make_records(102, 2, flags=[CONTINUES, CONTINUES])
    path.write_bytes((content + b"".join(group)).ljust(1024, b"\0"))
    report = check(folder, repair=True)
    assert report.repaired
    assert report.torn.bytes == sum(map(len, group))
    assert path.read_bytes() == content.ljust(1024, b"\0")


def test_with_a_clean_end_a_torn_tail_is_damage(folder, open_log):
    log = open_log(folder, segment_bytes=1024)
    mark = log.mark()
    log.close()
    assert check(folder, clean=mark).healthy
    _tear(folder)
    report = check(folder, clean=mark, repair=True)
    assert not report.repaired
    assert [problem.segment for problem in report.problems] == [5]
    assert "was closed at offset" in report.problems[0].reason


def test_a_log_that_ends_before_its_clean_end_is_damaged(folder, open_log):
    log = open_log(folder, segment_bytes=1024)
    mark = log.mark()
    log.close()
    for wrong in (mark._replace(offset=mark.offset + 8), mark._replace(segment=6)):
        assert len(check(folder, clean=wrong, repair=True).problems) == 1


def test_a_log_may_have_gone_on_behind_its_clean_end(folder, open_log):
    log = open_log(folder, segment_bytes=1024)
    mark = log.mark()
    log.append([encode(102, DELETE, FIRST, b"88.900.1/2", b"")])
    log.append([encode(103, DELETE, FIRST, b"88.900.1/3", b"")])
    log.sync()
    log.close()
    assert check(folder, clean=mark).healthy
    _tear(folder)
    report = check(folder, clean=mark, repair=True)
    assert report.repaired
    assert report.torn is not None
    assert check(folder, clean=mark).healthy


def test_each_damaged_segment_is_told(folder):
    _flip(_segment(folder, 2), 100)
    _flip(_segment(folder, 4), 20)
    _tear(folder)
    before = _contents(folder)
    report = check(folder, repair=True)
    assert [(problem.segment, problem.offset) for problem in report.problems] == [(2, 64), (4, 0)]
    assert report.torn is not None
    assert not report.repaired
    assert not report.healthy
    assert _contents(folder) == before


def test_damage_before_a_later_commit_is_no_torn_tail(folder):
    _flip(_segment(folder, 5), 70)
    report = check(folder, repair=True)
    assert [problem.offset for problem in report.problems] == [64]
    assert "later commit" in report.problems[0].reason


def test_missing_extra_and_resized_segments_are_told(folder):
    _segment(folder, 1).unlink()
    with _segment(folder, 3).open("ab") as file:
        file.write(bytes(8))
    shutil.copy(_segment(folder, 2), _segment(folder, 9))
    report = check(folder)
    assert {problem.segment for problem in report.problems} == {1, 3, 9}


def test_without_a_manifest_nothing_else_is_looked_at(folder):
    (folder / "MANIFEST.json").unlink()
    report = check(folder, repair=True)
    assert [problem.reason for problem in report.problems] == ["MANIFEST.json is missing"]


def test_a_broken_manifest_is_told(folder):
    _flip(folder / "MANIFEST.json", 60)
    assert "MANIFEST.json" in check(folder).problems[0].reason


# Snapshots


@pytest.fixture
def copy(folder, open_log, tmp_path):
    snapshot(open_log(folder, segment_bytes=1024), tmp_path / "copy")
    return tmp_path / "copy"


def test_a_whole_snapshot_is_healthy(copy):
    told = []
    report = check(copy, progress=lambda *facts: told.append(facts))
    assert report.healthy
    assert report.snapshot
    assert report.records == 101
    assert told[-1][0] == told[-1][1]
    assert all(done <= total for done, total in told)


def test_every_altered_byte_of_a_snapshot_is_told(copy):
    path = max(copy.glob("*.log"))
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        reasons = [problem.reason for problem in check(copy).problems]
        assert f"{path.name} is not as it was when the snapshot was taken" in reasons


def test_a_snapshot_is_never_repaired(copy):
    path = max(copy.glob("*.log"))
    path.write_bytes(path.read_bytes()[:-8])
    before = _contents(copy)
    report = check(copy, repair=True)
    assert not report.healthy
    assert not report.repaired
    assert _contents(copy) == before


def test_sums_that_cannot_be_understood_are_told(copy):
    (copy / "SNAPSHOT.json").write_text("{}")
    assert "SNAPSHOT.json cannot be read" in check(copy).problems[0].reason
