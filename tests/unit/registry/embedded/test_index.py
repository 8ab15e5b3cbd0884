"""Every index keeps the place of each key.

* put, put_many and remove return the places that were there before.
* The length is the number of keys; memory grows with them and shrinks when they go.
* The dict index saved and loaded over the same keys answers alike; damage is told.
"""

import io
import random

import pytest

from idnode.registry.embedded.blocks import write_block
from idnode.registry.embedded.core import CORES
from idnode.registry.embedded.index import DictIndex
from idnode.registry.embedded.storage.record import FIRST, PUT, SPAN_PLACES, encode
from idnode.registry.errors import LogDamaged

KEYS = [b"KEY/%d" % i for i in range(20_000)]
RECORDS = [encode(i + 1, PUT, FIRST, key, b"") for i, key in enumerate(KEYS)]
PLACES = [SPAN_PLACES + 5 * i for i in range(len(KEYS))]
SEGMENT = b"".join(record.ljust(40, b"\0") for record in RECORDS)


def dict_index():
    return DictIndex()


def slot_table():
    from idnode.registry.embedded.native.core import SegmentView, SlotTable

    segments = SegmentView()
    segments(1, SEGMENT)
    return SlotTable(bytes(range(16)), segments)


INDEXES = {"python": dict_index, "native": slot_table}


@pytest.fixture(params=sorted(CORES))
def index(request):
    """Return an empty index over a log in which the keys of these tests lie at their places."""
    return INDEXES[request.param]()


def test_places_come_back(index):
    assert index.get(KEYS[1]) is None
    assert index.put(KEYS[1], PLACES[1]) is None
    assert index.put(KEYS[1], PLACES[1]) == PLACES[1]
    assert index.get(KEYS[1]) == PLACES[1]
    assert index.remove(KEYS[1]) == PLACES[1]
    assert index.remove(KEYS[1]) is None
    assert index.get(KEYS[1]) is None


def test_many_places_are_put_at_once(index):
    assert index.put_many(KEYS[1:3], PLACES[1:3]) == [None, None]
    assert index.put_many(KEYS[2:4], PLACES[2:4]) == [PLACES[2], None]
    assert len(index) == 3
    assert [index.get(key) for key in KEYS[1:4]] == PLACES[1:4]


def test_all_of_many_keys_are_found_while_others_come_and_go(index):
    order = random.Random(1).sample(range(len(KEYS)), len(KEYS))
    for count, i in enumerate(order, 1):
        assert index.put(KEYS[i], PLACES[i]) is None
        if not count % 5000:
            assert all(index.get(KEYS[j]) == PLACES[j] for j in order[:count])
            assert not any(index.get(KEYS[j]) for j in order[count:])
    for count, i in enumerate(order, 1):
        assert index.remove(KEYS[i]) == PLACES[i]
        if not count % 5000:
            assert not any(index.get(KEYS[j]) for j in order[:count])
            assert all(index.get(KEYS[j]) == PLACES[j] for j in order[count:])
    assert len(index) == 0


def test_memory_follows_the_keys(index):
    empty = index.memory_bytes()
    index.put_many(KEYS, PLACES)
    full = index.memory_bytes()
    assert full > empty + 8 * len(KEYS)
    for key in KEYS:
        index.remove(key)
    assert len(index) == 0
    assert index.memory_bytes() < full


def test_a_saved_dict_index_answers_alike():
    index, again = DictIndex(), DictIndex()
    chunks = [KEYS[1:100], KEYS[200:201]]
    for chunk in chunks:
        index.put_many(chunk, [int(key[4:]) for key in chunk])
    file = io.BytesIO()
    index.save(file, chunks)
    file.seek(0)
    again.load(file, chunks)
    assert len(again) == 100
    assert all(again.get(key) == int(key[4:]) for chunk in chunks for key in chunk)
    assert again.memory_bytes() <= index.memory_bytes()


def test_a_saved_dict_index_of_other_keys_is_refused():
    file = io.BytesIO()
    write_block(file, bytes(12))
    file.seek(0)
    with pytest.raises(LogDamaged):
        DictIndex().load(file, [[b"A/1"]])
