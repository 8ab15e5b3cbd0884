"""Promises of the log.

* What is appended is read back by its place at once, and by a scan after opening again, in order.
* Segments end where the next group would not fit; a group is never parted; places stay valid.
* The log refuses what only a bug or damage would ask for, and never reads outside of its segments.
* A scan from a mark yields what follows the mark; a resumed log goes on as if never closed.
"""

from itertools import pairwise

import pytest

from idnode.registry.embedded.limits import SEGMENT_SPAN_BYTES
from idnode.registry.embedded.storage import log as logs
from idnode.registry.embedded.storage.log import Mark
from idnode.registry.embedded.storage.record import CONTINUES, DELETE, FIRST, encode, place_of
from idnode.registry.errors import LogDamaged, RegisterClosed
from idnode.registry.handle.errors import RecordTooLarge


def test_a_new_log_is_empty_and_has_one_segment(open_log):
    log = open_log()
    assert log.mark() == Mark(1, 64, 0)
    assert log.segments() == [(1, 64, False, 1, 0)]
    assert list(log.scan()) == []
    assert log.cut is None
    assert len(log.register) == 16


def test_appended_records_are_read_back_at_once(open_log, make_records):
    log = open_log()
    records = make_records(1, 5)
    places = log.append(records)
    assert places[0] == place_of(1, 64)
    assert [log.read(place).sequence for place in places] == [1, 2, 3, 4, 5]
    found = log.read(places[2])
    assert (found.handle, found.values, found.size) == (b"88.900.1/3", b"values", len(records[2]))
    assert found.place == places[2]


def test_an_empty_append_does_nothing(open_log):
    log = open_log()
    assert log.append([]) == []
    assert log.mark() == Mark(1, 64, 0)


def test_a_scan_after_opening_again_yields_all_in_order(open_log, make_records):
    log = open_log()
    places = log.append(make_records(1, 300))
    log.sync()
    mark, register = log.mark(), log.register
    log.close()
    again = open_log()
    assert [record.place for record in again.scan()] == places
    assert again.mark() == mark
    assert again.register == register
    assert again.cut is None


def test_a_log_goes_on_after_opening_again(open_log, make_records):
    log = open_log()
    log.append(make_records(1, 30))
    log.close()
    again = open_log()
    again.append(make_records(31, 100))
    again.close()
    assert [record.sequence for record in open_log(scan=False).scan()] == list(range(1, 131))


def test_segments_are_sealed_at_their_real_length(open_log, make_records, tmp_path):
    log = open_log()
    log.append(make_records(1, 300))
    infos = log.segments()
    assert [info.number for info in infos] == list(range(1, len(infos) + 1))
    assert [info.sealed for info in infos] == [True] * (len(infos) - 1) + [False]
    assert len(infos) > 2
    for info in infos[:-1]:
        path = tmp_path / "log" / f"segment-{info.number:08d}.log"
        assert path.stat().st_size == info.bytes <= 4096
    for before, after in pairwise(infos):
        assert after.first == before.last + 1


def test_records_of_one_segment(open_log, make_records):
    log = open_log()
    log.append(make_records(1, 300))
    for info in log.segments():
        sequences = [record.sequence for record in log.records_of(info.number)]
        assert sequences == list(range(info.first, info.last + 1))
    with pytest.raises(LogDamaged, match="not in the log"):
        log.records_of(99)


def test_rotating_by_hand_seals_the_active_segment_unless_it_is_empty(open_log, make_records):
    log = open_log()
    log.rotate()
    assert len(log.segments()) == 1
    places = log.append(make_records(1, 2))
    log.rotate()
    assert [info.sealed for info in log.segments()] == [True, False]
    assert log.mark() == Mark(2, 64, 2)
    assert log.read(places[1]).sequence == 2
    log.close()
    assert open_log().mark() == Mark(2, 64, 2)


def test_a_group_is_never_parted(open_log, make_records):
    log = open_log()
    places = log.append(make_records(1, 60))
    room = 4096 - log.mark().offset
    group = make_records(61, room // 40 + 1, flags=[CONTINUES] * (room // 40))
    places += log.append(group)
    assert {log.read(place).sequence for place in places[60:]} == set(range(61, 61 + len(group)))
    assert log.segments()[-1].first == 61
    log.close()
    assert len(list(open_log(scan=False).scan())) == 60 + len(group)


def test_a_whole_call_stays_in_one_segment_without_flags(open_log, make_records):
    log = open_log()
    log.append(make_records(1, 60))
    log.append(make_records(61, 60), whole=True)
    assert log.segments()[-1].first == 61


def test_a_group_larger_than_a_segment_gets_one_of_its_own_size(open_log, make_records):
    log = open_log()
    places = log.append(make_records(1, 300), whole=True)
    assert len(log.segments()) == 1
    places += log.append(make_records(301, 300), whole=True)
    assert [info.number for info in log.segments()] == [1, 2]
    big = make_records(601, 1, values=bytes(200_000))
    places += log.append([*big, *make_records(602, 1)])
    assert [log.read(place).sequence for place in places] == list(range(1, 603))
    log.close()
    assert [record.place for record in open_log(scan=False).scan()] == places


def test_a_group_larger_than_a_segment_can_be_is_refused_whole(open_log, make_records, monkeypatch):
    log = open_log()
    monkeypatch.setattr(logs, "SEGMENT_SPAN_BYTES", 8192)
    with pytest.raises(RecordTooLarge):
        log.append(make_records(1, 300), whole=True)
    assert log.mark() == Mark(1, 64, 0)
    log.append(make_records(1, 1))


def test_deletions_are_records_too(open_log):
    log = open_log()
    (place,) = log.append([encode(1, DELETE, FIRST, b"88.900.1/1", b"")])
    assert log.read(place).kind == DELETE


@pytest.mark.parametrize(
    "place",
    [
        *(-1, 0, 1, place_of(1, 128), place_of(1, 4096 - 8), place_of(1, 4096), place_of(1, 4104)),
        *(place_of(1, SEGMENT_SPAN_BYTES - 8), place_of(0, 64), place_of(2, 64), 1 << 40, 1 << 80),
    ],
)
def test_a_place_without_a_record_is_damage(open_log, make_records, place):
    log = open_log()
    log.append(make_records(1, 1))
    with pytest.raises(LogDamaged):
        log.read(place)


def test_a_place_behind_the_end_of_a_sealed_segment_is_damage(open_log, make_records):
    log = open_log()
    log.append(make_records(1, 2))
    end = log.mark().offset
    log.rotate()
    for offset in (end - 8, end, end + 8, 4088):
        with pytest.raises(LogDamaged):
            log.read(place_of(1, offset))


def test_sequences_must_go_on(open_log, make_records):
    log = open_log()
    for first in (0, 2):
        with pytest.raises(AssertionError):
            log.append(make_records(first, 1))
    with pytest.raises(AssertionError, match="whole"):
        log.append(make_records(1, 2, flags=[CONTINUES, CONTINUES]))


def test_an_unpositioned_log_takes_nothing(open_log, make_records):
    log = open_log()
    log.append(make_records(1, 1))
    log.close()
    again = open_log(scan=False)
    with pytest.raises(AssertionError, match="positioned"):
        again.append(make_records(2, 1))


def test_a_closed_log_takes_nothing(open_log, make_records):
    log = open_log()
    places = log.append(make_records(1, 1))
    log.close()
    log.close()
    for call in (log.sync, log.rotate, lambda: log.append(make_records(2, 1))):
        with pytest.raises(RegisterClosed, match="closed"):
            call()
    with pytest.raises(LogDamaged):
        log.read(places[0])


def test_a_scan_from_a_mark_yields_what_follows(open_log, make_records):
    log = open_log()
    marks = [log.mark()]
    for first in range(1, 151, 5):
        log.append(make_records(first, 5))
        marks.append(log.mark())
    log.close()
    for mark in marks:
        again = open_log(scan=False)
        sequences = [record.sequence for record in again.scan(mark)]
        assert sequences == list(range(mark.sequence + 1, 151))
        assert again.mark() == marks[-1]
        again.close()


def test_a_resumed_log_goes_on(open_log, make_records):
    log = open_log()
    places = log.append(make_records(1, 150))
    mark = log.mark()
    log.close()
    again = open_log(scan=False)
    again.resume(mark)
    assert again.mark() == mark
    places += again.append(make_records(151, 100))
    assert [again.read(place).sequence for place in places] == list(range(1, 251))
    again.close()
    assert [record.place for record in open_log(scan=False).scan()] == places


def test_an_empty_log_resumes(open_log):
    log = open_log()
    mark = log.mark()
    log.close()
    again = open_log(scan=False)
    again.resume(mark)
    assert again.mark() == mark


def test_a_mark_that_is_none_of_this_log_is_damage(open_log, make_records):
    log = open_log()
    log.append(make_records(1, 150))
    end = log.mark()
    log.close()
    wrong = [
        end._replace(sequence=end.sequence - 1),
        end._replace(offset=end.offset - 8),
        end._replace(offset=end.offset + 8),
        end._replace(offset=1 << 40),
        end._replace(segment=end.segment + 1),
        Mark(end.segment, 64, end.sequence),
        Mark(end.segment, 0, 0),
    ]
    for mark in wrong:
        again = open_log(scan=False)
        with pytest.raises(LogDamaged):
            again.resume(mark)
        with pytest.raises(LogDamaged):
            next(again.scan(mark))
        again.close()


def test_an_older_mark_can_be_scanned_from_but_not_resumed(open_log, make_records):
    log = open_log()
    log.append(make_records(1, 1))
    older = log.mark()
    log.append(make_records(2, 1))
    in_first = log.mark()
    log.rotate()
    log.close()
    again = open_log(scan=False)
    with pytest.raises(LogDamaged, match="follows the marked end"):
        again.resume(in_first)
    with pytest.raises(LogDamaged):
        again.resume(older)
    assert [record.sequence for record in again.scan(older)] == [2]


def test_a_log_that_went_on_behind_a_mark_is_scanned_instead(open_log, make_records):
    log = open_log()
    log.append(make_records(1, 10))
    mark = log.mark()
    log.append(make_records(11, 1))
    log.close()
    again = open_log(scan=False)
    with pytest.raises(LogDamaged, match="follow the marked end"):
        again.resume(mark)
    assert len(list(again.scan())) == 11
    again.append(make_records(12, 1))


def test_what_a_killed_process_left_in_the_cache_can_be_synced(open_log, make_records, faulty_disk):
    log = open_log()
    log.append(make_records(1, 1))
    mark = log.mark()
    log.close()
    for position in (lambda log: list(log.scan()), lambda log: log.resume(mark)):
        again = open_log(scan=False, disk=faulty_disk)
        position(again)
        faulty_disk.calls.clear()
        again.sync()
        assert faulty_disk.calls == ["sync_data"]
        again.close()


def test_progress_ends_at_the_total(open_log, make_records):
    log = open_log()
    log.append(make_records(1, 300))
    log.close()
    told = []
    list(open_log(scan=False).scan(progress=lambda done, total: told.append((done, total))))
    assert told[-1][0] == told[-1][1]
    assert all(done <= total for done, total in told)
    assert [done for done, _total in told] == sorted(done for done, _total in told)
