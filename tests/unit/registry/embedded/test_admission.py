"""Admission decides by index and group, and never unexpected errors over what it is given.

(The meaning of each mutation is proved for the whole register in `tests/contract/test_register.py`.)

* An earlier row of the group counts before the index.
* A damaged record refuses the change of its values, nothing else.
* A rewrite and a tombstone of compaction become rows only while they are still due.
* Work is counted, and a slice ends where it is done; large records weigh more.
* Any bytes as handle or values give an outcome, never another exception.
"""

from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.embedded.admission import (
    SLICE_WORK,
    Admission,
    KeepTombstone,
    Rewrite,
    bytes_of,
)
from idnode.registry.embedded.group import Group
from idnode.registry.embedded.index import DictIndex
from idnode.registry.embedded.storage.record import DELETE, FIRST, PUT, RESTRICTED, Record
from idnode.registry.errors import HandleExists, HandleNotFound, LogDamaged
from idnode.registry.handle.errors import IndexConflict, RegistryError
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import EMPTY, pack
from idnode.registry.mutation import AddValues, Applied, Create, Delete, ModifyValues, RemoveValues

ONE = pack([HandleValue(1, "URL", b"one")])
NEW = Applied(replaced=False)
REPLACED = Applied(replaced=True)


def admission_over(*records):
    index = DictIndex()
    stored = {record.place: record for record in records}
    for record in records:
        index.put(record.handle.upper(), record.place)
    return Admission(index, stored.__getitem__)


def record_at(place, handle=b"A/1", kind=PUT, flags=0):
    return Record(place, 1, kind, flags, handle, ONE if kind == PUT else b"", 64)


def decide(admission, *entries):
    group, outcomes = Group(), []
    assert admission.admit(entries, 0, group, outcomes) == len(entries)
    return group, outcomes


def test_an_earlier_row_counts_before_the_index():
    group, outcomes = decide(
        admission_over(record_at(8)),
        Create(b"A/1", ONE),
        Delete(b"a/1"),
        Delete(b"A/1"),
        Create(b"a/1", EMPTY),
        AddValues(b"A/1", ONE),
        AddValues(b"A/1", ONE),
    )
    assert [type(o) for o in outcomes if o not in (NEW, REPLACED)] == [
        HandleExists,
        HandleNotFound,
        IndexConflict,
    ]
    assert list(zip(group.kinds, group.handles, group.values, strict=True)) == [
        (DELETE, b"a/1", b""),
        (PUT, b"a/1", EMPTY),
        (PUT, b"a/1", ONE),
    ]


def test_a_damaged_record_refuses_changes_of_its_values_only():
    def damaged(place):
        raise LogDamaged("a flipped bit", segment=1, offset=place)

    index = DictIndex()
    index.put(b"A/1", 8)
    _group, outcomes = decide(
        Admission(index, damaged),
        AddValues(b"A/1", ONE),
        Create(b"A/1", ONE, overwrite=True),
        AddValues(b"A/1", ONE, overwrite=True),
    )
    assert isinstance(outcomes[0], LogDamaged)
    assert outcomes[1:] == [REPLACED, REPLACED]


def test_a_rewrite_is_a_row_only_while_the_record_is_the_live_one():
    live, dead = record_at(8, flags=RESTRICTED | FIRST), record_at(16)
    group, _outcomes = decide(admission_over(live), Rewrite(dead), Rewrite(live))
    assert list(zip(group.keys, group.values, group.flags, strict=True)) == [
        (b"A/1", ONE, RESTRICTED)
    ]
    group, _outcomes = decide(admission_over(live), Delete(b"A/1"), Rewrite(live))
    assert list(group.kinds) == [DELETE]


def test_a_tombstone_is_kept_only_while_the_handle_is_absent():
    tombstone = record_at(8, kind=DELETE)
    group, _outcomes = decide(admission_over(), KeepTombstone(tombstone))
    assert list(group.kinds) == [DELETE]
    group, _outcomes = decide(admission_over(record_at(16)), KeepTombstone(tombstone))
    assert len(group) == 0
    group, _outcomes = decide(admission_over(), Create(b"A/1", ONE), KeepTombstone(tombstone))
    assert list(group.kinds) == [PUT]


def test_a_slice_ends_where_its_work_is_done():
    admission = admission_over()
    entries = [Create(b"A/%d" % i, ONE) for i in range(SLICE_WORK + 5)]
    group, outcomes = Group(), []
    assert admission.admit(entries, 0, group, outcomes) == SLICE_WORK
    admission.work = 0
    assert admission.admit(entries, SLICE_WORK, group, outcomes) == len(entries)
    assert outcomes == [NEW] * len(entries)


def test_large_records_weigh_more():
    admission = admission_over()
    large = pack([HandleValue(1, "URL", bytes(200_000))])
    entries = [Create(b"A/%d" % i, large) for i in range(SLICE_WORK)]
    assert admission.admit(entries, 0, Group(), []) < 5


def test_what_an_entry_holds_in_the_queue_is_its_values():
    assert bytes_of(Create(b"A/1", ONE)) == bytes_of(AddValues(b"A/1", ONE)) == len(ONE)
    assert bytes_of(ModifyValues(b"A/1", ONE)) == bytes_of(Rewrite(record_at(8))) == len(ONE)
    assert bytes_of(Delete(b"A/1")) == bytes_of(RemoveValues(b"A/1", (1,))) == 0


NONSENSE = st.one_of(st.binary(max_size=40), st.sampled_from([b"A/1", b"a/1", ONE, EMPTY]))


@given(
    st.lists(
        st.one_of(
            st.builds(Create, NONSENSE, NONSENSE, st.booleans()),
            st.builds(Delete, NONSENSE),
            st.builds(AddValues, NONSENSE, NONSENSE, st.booleans()),
            st.builds(ModifyValues, NONSENSE, NONSENSE),
            st.builds(RemoveValues, NONSENSE, st.lists(st.integers()).map(tuple)),
        ),
        max_size=20,
    )
)
def test_any_bytes_give_an_outcome(entries):
    group, outcomes = decide(admission_over(record_at(8)), *entries)
    assert all(isinstance(outcome, Applied | RegistryError) for outcome in outcomes)
    assert len(outcomes) == len(entries)
    for _ in group.encode(1, slice_rows=3):
        pass
