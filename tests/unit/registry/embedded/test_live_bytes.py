"""The account of live bytes and tombstones, segment by segment.

* Records count for the segment that their place lies in, also when a run crosses two.
* What was dropped, or whose segment was forgotten, counts no more.
* The account comes back from its lists.
"""

from idnode.registry.embedded.limits import SEGMENTS_MAX
from idnode.registry.embedded.live_bytes import LiveBytes
from idnode.registry.embedded.storage.record import place_of


def test_records_count_for_the_segment_they_lie_in():
    live_bytes = LiveBytes()
    live_bytes.add([place_of(1, 64), place_of(1, 104)], [40, 48])
    live_bytes.add([place_of(1, 152), place_of(2, 64)], [24, 32])
    live_bytes.add_tombstone(place_of(2, 96), 24)
    assert (live_bytes.live_bytes(1), live_bytes.live_bytes(2)) == (112, 32)
    assert live_bytes.live_bytes_total() == 144
    assert (live_bytes.tombstone_bytes(1), live_bytes.tombstone_bytes(2)) == (0, 24)


def test_dropped_records_and_forgotten_segments_count_no_more():
    live_bytes = LiveBytes()
    live_bytes.add([place_of(1, 64), place_of(1, 104)], [40, 48])
    live_bytes.drop(place_of(1, 64), 40)
    assert live_bytes.live_bytes(1) == 48
    live_bytes.add_tombstone(place_of(1, 152), 24)
    live_bytes.forget(1)
    assert live_bytes.live_bytes_total() == live_bytes.tombstone_bytes(1) == 0


def test_a_segment_is_known_by_what_a_place_keeps_of_its_number():
    live_bytes = LiveBytes()
    live_bytes.add([place_of(SEGMENTS_MAX + 3, 64)], [40])
    assert live_bytes.live_bytes(SEGMENTS_MAX + 3) == 40


def test_the_account_comes_back_from_its_lists():
    live_bytes, again = LiveBytes(), LiveBytes()
    live_bytes.add([place_of(1, 64)], [40])
    live_bytes.add_tombstone(place_of(1, 104), 24)
    again.restore(*live_bytes.as_lists())
    assert (again.live_bytes(1), again.tombstone_bytes(1)) == (40, 24)
