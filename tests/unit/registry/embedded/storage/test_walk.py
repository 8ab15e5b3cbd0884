"""Promises of walking through a segment.

* Records come by whole groups; behind them the walk says where it stopped, why, and whether a write cut
  short can explain it.
* A known end is insisted on.
* The record before a mark is found by its sequence, whatever values look like it.
* Progress is told now and then, never past the total.
"""

import pytest

from idnode.registry.embedded.storage.record import CONTINUES, FIRST, PUT, encode
from idnode.registry.embedded.storage.walk import Walk, record_ends_at, reporting, whole_records
from idnode.registry.errors import LogDamaged


def _record(sequence, flags=0, values=b"values"):
    return encode(sequence, PUT, flags, b"88.1/%d" % sequence, values)


def _walk(data, *, sequence=0, end=None):
    return Walk(data, 3, start=0, end=len(data) if end is None else end, sequence=sequence)


def _sequences(records):
    return [record.sequence for record in records]


def test_a_walk_to_the_end_or_to_zeros_has_no_problem():
    data = _record(1) + _record(2)
    for behind in (b"", bytes(4), bytes(24), bytes(500)):
        walk = _walk(data + behind)
        assert _sequences(walk) == [1, 2]
        assert (walk.offset, walk.stopped, walk.sequence, walk.expected) == (
            len(data),
            len(data),
            2,
            3,
        )
        assert not walk.problem


def test_an_unfinished_group_is_held_back():
    single, group = _record(1), _record(2, CONTINUES) + _record(3, CONTINUES)
    walk = _walk(single + group)
    assert _sequences(walk) == [1]
    assert (walk.offset, walk.stopped, walk.sequence, walk.expected) == (
        len(single),
        len(single + group),
        1,
        4,
    )
    assert walk.problem == "a group of 2 records is unfinished"
    assert walk.tearable


def test_a_finished_group_comes_whole():
    walk = _walk(_record(1, CONTINUES) + _record(2, CONTINUES) + _record(3) + _record(4))
    assert _sequences(walk) == [1, 2, 3, 4]
    assert walk.sequence == 4


def test_damage_inside_a_group_stops_before_the_group():
    first = _record(1, CONTINUES)
    walk = _walk(first + b"\1" * 32 + _record(3))
    assert _sequences(walk) == []
    assert (walk.offset, walk.stopped) == (0, len(first))
    assert "cannot have" in walk.problem
    assert str(walk.damage()).startswith(f"segment 3, offset {len(first)}: ")


@pytest.mark.parametrize("sequence", [1, 3, 1 << 40])
def test_a_wrong_sequence_is_nothing_that_a_torn_write_leaves(sequence):
    walk = _walk(_record(1) + _record(sequence))
    assert _sequences(walk) == [1]
    assert walk.problem == f"sequence {sequence} instead of 2"
    assert not walk.tearable


def test_a_commit_inside_a_group_is_nothing_that_a_torn_write_leaves():
    walk = _walk(_record(1, FIRST | CONTINUES) + _record(2, FIRST))
    assert _sequences(walk) == []
    assert not walk.tearable


def test_a_known_end_is_insisted_on():
    data = _record(1) + _record(2)
    assert _sequences(whole_records(_walk(data), last=2)) == [1, 2]
    with pytest.raises(LogDamaged, match="last sequence is 2, the manifest says 3"):
        list(whole_records(_walk(data), last=3))
    with pytest.raises(LogDamaged, match="zeros"):
        list(whole_records(_walk(data + bytes(8))))
    with pytest.raises(LogDamaged, match="offset 64: "):
        list(whole_records(_walk(data + _record(3)[:-8])))


def test_the_record_before_a_mark_is_found_by_its_sequence():
    decoy = _record(9) + (9).to_bytes(8, "little") * 4 + (9).to_bytes(2, "little")
    last = _record(9, values=decoy)
    data = bytes(64) + _record(8) + last
    start, end = 64, len(data)
    assert record_ends_at(data, end, start=start, sequence=9)
    assert record_ends_at(data, end - len(last), start=start, sequence=8)
    assert not record_ends_at(data, end, start=start, sequence=8)
    assert not record_ends_at(data, end - 8, start=start, sequence=9)
    assert not record_ends_at(data, end, start=end - len(last) + 8, sequence=9)
    assert not record_ends_at(data, 64, start=start, sequence=0)


def test_progress_is_told_now_and_then(monkeypatch):
    monkeypatch.setattr("idnode.registry.embedded.storage.walk.PROGRESS_BYTES", 100)
    data = b"".join(map(_record, range(1, 21)))
    told = []
    records = reporting(
        iter(_walk(data)), lambda *facts: told.append(facts), before=1000, total=1600
    )
    assert len(list(records)) == 20
    assert told[0] == (1032, 1600)
    assert told[-1] == (1600, 1600)
    assert len(told) == 6
