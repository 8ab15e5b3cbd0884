"""A run is the records of its extent in the order of their folded handles, whatever order they lie in.

Runs are made by sorting or, where records lie in ascending sequences, by merging these: apart, overlapping, one in
another, backwards, with the same handles over and over. The runs of neighbouring extents, joined, are the run of
the whole, wherever the extents are parted.
"""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idnode.registry.embedded.native import ordering
from idnode.registry.embedded.native.core import SegmentView
from idnode.registry.embedded.storage.record import DELETE, PUT, encode

START = 64


def segment_of(rows):
    """Return a view of a segment of these records, (kind, handle), where each begins, and where all end."""
    segment, starts = [bytes(START)], [START]
    for sequence, (kind, handle) in enumerate(rows, 1):
        segment.append(encode(sequence, kind, 0, handle, b""))
        starts.append(starts[-1] + len(segment[-1]))
    view = SegmentView()
    view(3, b"".join(segment))
    return view, starts


def run_over(rows):
    """Return the handles of a run over a segment of these records."""
    view, starts = segment_of(rows)
    run = ordering.build(view, 3, START, starts[-1])
    handle_at = {start // 8: handle for start, (_kind, handle) in zip(starts, rows, strict=False)}
    offsets = memoryview(bytes(run)).cast("I").tolist()
    assert len(set(offsets)) == len(run) == sum(kind == PUT for kind, _handle in rows)
    return [handle_at[offset] for offset in offsets]


def check(handles, kinds=None):
    rows = list(zip(kinds or [PUT] * len(handles), handles, strict=True))
    expected = sorted(handle.upper() for kind, handle in rows if kind == PUT)
    assert [handle.upper() for handle in run_over(rows)] == expected


def numbers(*parts):
    return [b"88.900.1/%s%06d" % (b"pP"[n % 2 :][:1], n) for part in parts for n in part]


SEQUENCES = {
    "one": [range(3000)],
    "apart": [range(2000, 3000), range(1000), range(1000, 2000)],
    "overlapping": [range(0, 2000, 2), range(1, 2000, 2), range(500, 1500)],
    "one in another": [range(0, 9000, 3), range(4000, 4500)],
    "many": [range(n * 37 % 1000, n * 37 % 1000 + 200) for n in range(50)],
    "backwards": [range(3000, 0, -1)],
    "the same": [[7] * 3000],
    "ties": [range(1000), range(1000), range(1000)],
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_ascending_sequences_are_merged(name):
    check(numbers(*SEQUENCES[name]))


def test_more_sequences_than_are_merged_are_sorted():
    rng = random.Random(3)
    check(numbers([rng.randrange(10**6) for _ in range(20_000)]))


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([PUT, PUT, PUT, DELETE]),
            st.binary(min_size=1, max_size=20)
            | st.sampled_from([b"a", b"A", b"a\0", b"a\0\0b", b"x" * 8, b"x" * 9, b"x" * 300]),
        ),
        max_size=60,
    )
)
def test_any_handles_are_sorted_like_their_folded_bytes(rows):
    check([handle for _kind, handle in rows], [kind for kind, _handle in rows])


def check_joined(rows, parts):
    view, starts = segment_of(rows)
    edges = [starts[0], *(starts[part] for part in sorted(parts)), starts[-1]]
    runs = [ordering.build(view, 3, *edge) for edge in itertools.pairwise(edges)]
    joined = ordering.join(view, runs)
    assert bytes(joined) == bytes(ordering.build(view, 3, START, starts[-1]))
    assert (joined.slot, joined.start, joined.end) == (3, START, starts[-1])


@pytest.mark.parametrize("name", [*SEQUENCES, "mixed"])
def test_joined_runs_are_the_run_of_the_whole(name):
    mixed = [random.Random(4).sample(range(10**6), 3000)]
    rows = [(PUT, handle) for handle in numbers(*SEQUENCES.get(name, mixed))]
    check_joined(rows, [len(rows) * part // 7 for part in range(1, 7)])


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([PUT, PUT, PUT, DELETE]),
            st.integers(0, 40).map(b"88.900.1/%d".__mod__) | st.binary(min_size=1, max_size=12),
        ),
        min_size=1,
        max_size=60,
    ),
    st.data(),
)
def test_any_runs_are_joined(rows, data):
    check_joined(rows, data.draw(st.lists(st.integers(0, len(rows)), max_size=5)))


def test_nothing_is_made_of_no_runs():
    with pytest.raises(ValueError, match="no runs"):
        ordering.join(SegmentView(), [])


@given(st.lists(st.integers(0, 2**27 - 1), max_size=300) | st.integers(0, 300).map(range))
def test_a_run_comes_back_from_what_was_packed(offsets):
    plain = b"".join(offset.to_bytes(4, "little") for offset in offsets)
    packed = ordering.adopt(3, START, 1 << 30, plain).packed()
    assert len(packed) <= max(len(plain), 1)
    again = ordering.unpack(3, START, 1 << 30, packed)
    assert bytes(again) == plain
    assert (again.slot, again.start, again.end) == (3, START, 1 << 30)


def test_handles_in_order_are_packed_into_a_byte_each():
    view, starts = segment_of([(PUT, b"88.900.1/p%06d" % number) for number in range(1000)])
    assert len(ordering.build(view, 3, START, starts[-1]).packed()) == 1000


@given(st.binary(max_size=200))
def test_what_was_not_packed_is_told_or_read(noise):
    run = ordering.unpack(3, START, 1 << 30, noise)
    assert run is None or len(run) <= len(noise)


@pytest.mark.parametrize("broken", [b"\x80", b"\x02\xff", b"\xff\xff\xff\xff\x7f", b"\x80" * 9])
def test_a_number_that_breaks_off_or_is_too_large_is_told(broken):
    assert ordering.unpack(3, START, 1 << 30, broken) is None
