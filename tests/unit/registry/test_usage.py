"""The account of live bytes and tombstones, segment by segment.

* Records count for the segment that their place lies in, also when a run crosses two.
* What was dropped, or whose segment was forgotten, counts no more.
* The account comes back from its lists.
"""

from registry.limits import SEGMENTS_MAX
from registry.storage.record import place_of
from registry.usage import Usage


def test_records_count_for_the_segment_they_lie_in():
    usage = Usage()
    usage.add([place_of(1, 64), place_of(1, 104)], [40, 48])
    usage.add([place_of(1, 152), place_of(2, 64)], [24, 32])
    usage.add_tombstone(place_of(2, 96), 24)
    assert (usage.live_bytes(1), usage.live_bytes(2)) == (112, 32)
    assert usage.live_bytes_total() == 144
    assert (usage.tombstone_bytes(1), usage.tombstone_bytes(2)) == (0, 24)


def test_dropped_records_and_forgotten_segments_count_no_more():
    usage = Usage()
    usage.add([place_of(1, 64), place_of(1, 104)], [40, 48])
    usage.drop(place_of(1, 64), 40)
    assert usage.live_bytes(1) == 48
    usage.add_tombstone(place_of(1, 152), 24)
    usage.forget(1)
    assert usage.live_bytes_total() == usage.tombstone_bytes(1) == 0


def test_a_segment_is_known_by_what_a_place_keeps_of_its_number():
    usage = Usage()
    usage.add([place_of(SEGMENTS_MAX + 3, 64)], [40])
    assert usage.live_bytes(SEGMENTS_MAX + 3) == 40


def test_the_account_comes_back_from_its_lists():
    usage, again = Usage(), Usage()
    usage.add([place_of(1, 64)], [40])
    usage.add_tombstone(place_of(1, 104), 24)
    again.restore(*usage.as_lists())
    assert (again.live_bytes(1), again.tombstone_bytes(1)) == (40, 24)
