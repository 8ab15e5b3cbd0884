"""One `apply` for live writes and replay: whatever the slices, the contents are the same.

* The last record of a handle counts, in any mix of records and deletions, in one slice or many.
* Live bytes are those of the records that count; deletions are counted as tombstones.
* Watchers hear of handles under 0.NA, and of nothing else.
* A superseded record that cannot be read any more does not stop anything.
"""

from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.embedded.contents import PlainContents
from idnode.registry.embedded.storage.record import DELETE, PUT, Record
from idnode.registry.errors import LogDamaged

ROWS = st.lists(
    st.tuples(st.sampled_from([b"A/1", b"A/2", b"0.NA/A", b"B/1"]), st.sampled_from([PUT, DELETE])),
    max_size=30,
)
SIZE = 32


class FakeLog:
    """Records of one size, each place the position of a row."""

    damaged = False

    def read(self, place):
        if self.damaged:
            raise LogDamaged("a flipped bit")
        return Record(place, 1, PUT, 0, b"", b"", SIZE)


def apply(contents, rows, first=1):
    keys = [key for key, _kind in rows]
    places = list(range(first, first + len(rows)))
    contents.apply(keys, bytes(kind for _key, kind in rows), places, [SIZE] * len(rows))


@given(ROWS, st.integers(min_value=1, max_value=10))
def test_slices_do_not_matter(rows, size):
    contents = PlainContents(FakeLog())
    told = []
    contents.watch(told.append)
    for start in range(0, len(rows), size):
        apply(contents, rows[start : start + size], start + 1)
    expected = {}
    for place, (key, kind) in enumerate(rows, 1):
        expected.pop(key, None)
        if kind == PUT:
            expected[key] = place
    assert {key: contents.index.get(key) for key in expected} == expected
    assert len(contents.index) == len(expected)
    assert contents.listing.prefixes() == sorted({key.partition(b"/")[0] for key in expected})
    for prefix in contents.listing.prefixes():
        own = sorted(key for key in expected if key.startswith(prefix + b"/"))
        assert contents.listing.page(prefix, after=b"", limit=9) == own
    assert contents.live_bytes.live_bytes_total() == SIZE * len(expected)
    assert contents.live_bytes.tombstone_bytes(0) == SIZE * sum(
        kind == DELETE for _key, kind in rows
    )
    assert told == [key for key, _kind in rows if key == b"0.NA/A"]


def test_a_superseded_record_that_cannot_be_read_stops_nothing():
    log = FakeLog()
    contents = PlainContents(log)
    apply(contents, [(b"A/1", PUT)])
    log.damaged = True
    apply(contents, [(b"A/1", PUT)], 2)
    assert contents.index.get(b"A/1") == 2
