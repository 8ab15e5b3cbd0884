"""A commit group keeps rows in log order and can take its last ones back.

* The latest row of a handle is known, also after later rows were taken back.
* All rows but the last of an all-or-nothing submission go on in the next record.
* Encoding in slices gives consecutive sequences, whatever the slice.
* A group is full by items or by bytes; the bytes are an upper bound of the records.
"""

import pytest

from idnode.registry.embedded import group as groups
from idnode.registry.embedded.group import Group
from idnode.registry.embedded.storage.record import (
    CONTINUES,
    DELETE,
    FIRST,
    PUT,
    RESTRICTED,
    decode,
)


def filled(*keys, **options):
    group = Group(**options)
    for key in keys:
        group.add(key, key.lower(), b"v" + key, PUT, RESTRICTED)
    return group


def records(group):
    return [decode(record, 0, place=0) for record in group.records]


def test_rows_taken_back_leave_no_trace():
    group = filled(b"A", b"B")
    size = group.bytes
    group.add(b"A", b"a", b"", DELETE, 0)
    group.add(b"C", b"c", b"x", PUT, 0)
    group.add(b"C", b"c", b"y", PUT, 0)
    group.truncate(2)
    assert group.latest == {b"A": 0, b"B": 1}
    assert (len(group), group.bytes) == (2, size)
    assert list(group.encode(1, slice_rows=9)) == []
    assert [record.handle for record in records(group)] == [b"a", b"b"]


def test_a_whole_submission_is_bound_together():
    group = filled(b"A")
    for key in (b"B", b"C", b"D"):
        group.add(key, key, b"", PUT, 0)
    group.close_whole(1)
    assert list(group.flags) == [RESTRICTED, CONTINUES, CONTINUES, 0]


@pytest.mark.parametrize("slice_rows", [1, 2, 5])
def test_slices_give_consecutive_sequences(slice_rows):
    group = filled(b"A", b"B", b"C", b"D", b"E")
    group.mark_first()
    pauses = len(list(group.encode(7, slice_rows=slice_rows)))
    assert pauses == -(-5 // slice_rows) - 1
    assert [record.sequence for record in records(group)] == [7, 8, 9, 10, 11]
    assert [record.flags & FIRST for record in records(group)] == [FIRST, 0, 0, 0, 0]
    assert sum(map(len, group.records)) <= group.bytes


def test_a_group_is_full_by_items_or_by_bytes(monkeypatch):
    monkeypatch.setattr(groups, "GROUP_ITEMS_MAX", 2)
    assert not filled(b"A").full
    assert filled(b"A", b"B").full
    size = filled(b"A").bytes
    assert filled(b"A", bytes_max=size).full
    assert not filled(b"A", bytes_max=size + 1).full
