"""Every index keeps the place of each key, and comes back from what it saved.

* put, put_many and remove return the places that were there before.
* The length is the number of keys; memory grows with them and shrinks when they go.
* An index saved and loaded over the same keys answers alike; damage is told.
"""

import io

import pytest

from registry.blocks import write_block
from registry.errors import LogDamaged
from registry.index import INDEXES


@pytest.fixture(params=sorted(INDEXES))
def new_index(request):
    """Return a function that makes an index over a log that knows the keys of these tests."""
    return lambda: INDEXES[request.param](lambda place: b"KEY/%d" % place)


def test_places_come_back(new_index):
    index = new_index()
    assert index.get(b"KEY/1") is None
    assert index.put(b"KEY/1", 1) is None
    assert index.put(b"KEY/1", 1) == 1
    assert index.get(b"KEY/1") == 1
    assert index.remove(b"KEY/1") == 1
    assert index.remove(b"KEY/1") is None
    assert index.get(b"KEY/1") is None


def test_many_places_are_put_at_once(new_index):
    index = new_index()
    assert index.put_many([b"KEY/1", b"KEY/2"], [1, 2]) == [None, None]
    assert index.put_many([b"KEY/2", b"KEY/3"], [2, 3]) == [2, None]
    assert len(index) == 3
    assert [index.get(b"KEY/%d" % i) for i in (1, 2, 3)] == [1, 2, 3]


def test_memory_follows_the_keys(new_index):
    index = new_index()
    empty = index.memory_bytes()
    keys = [b"KEY/%d" % i for i in range(10_000)]
    index.put_many(keys, range(10_000))
    full = index.memory_bytes()
    assert full > empty + 8 * 10_000
    for key in keys:
        index.remove(key)
    assert len(index) == 0
    assert index.memory_bytes() < full


def test_a_saved_index_answers_alike(new_index):
    index, again = new_index(), new_index()
    chunks = [[b"KEY/%d" % i for i in range(1, 100)], [b"KEY/%d" % (1 << 39)]]
    for chunk in chunks:
        index.put_many(chunk, [int(key[4:]) for key in chunk])
    file = io.BytesIO()
    index.save(file, chunks)
    file.seek(0)
    again.load(file, chunks)
    assert len(again) == 100
    assert all(again.get(key) == int(key[4:]) for chunk in chunks for key in chunk)
    assert again.memory_bytes() <= index.memory_bytes()


def test_a_saved_index_of_other_keys_is_refused():
    file = io.BytesIO()
    write_block(file, bytes(12))
    file.seek(0)
    with pytest.raises(LogDamaged):
        INDEXES["dict"](None).load(file, [[b"A/1"]])
