"""A slot table comes back from what was saved of it, and from nothing else.

Promises: every place is found again, whatever the bytes a place has and however many blocks there are, in
whatever order they are filled; a block that is not the one that was saved is told, and
writes nowhere else.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idnode.registry.embedded.native.core import Restoring, SegmentView, SlotTable
from idnode.registry.embedded.storage.record import PUT, encode

SECRET = bytes(range(16))
BLOCK_SLOTS = 1000
COUNT = 30_000
SLOT = 3
START = 64


def log_of(count):
    """Return keys, their places, and a view of the segment in which they lie."""
    segment, places, keys = bytearray(START), [], []
    for number in range(count):
        keys.append(b"88.900.1/P%06d" % number)
        places.append((SLOT << 27) + len(segment) // 8)
        segment += encode(number + 1, PUT, 0, keys[-1], b"")
    view = SegmentView()
    view(SLOT, bytes(segment))
    return keys, places, view


@pytest.fixture(scope="module")
def saved():
    """Return keys, places, view, and what was saved of the table that has them: its shape and blocks."""
    keys, places, view = log_of(COUNT)
    table = SlotTable(SECRET, view)
    table.put_many(keys, places)
    for key in keys[::7]:
        table.remove(key)
    return keys, places, view, table.groups(), list(table.dump(BLOCK_SLOTS, 4))


def blocks_of(groups):
    """Return the groups of each block: from, and up to."""
    found, first, slots = [], 0, 0
    for behind, (_depth, _pages, used) in enumerate(groups, 1):
        slots += used
        if slots >= BLOCK_SLOTS or behind == len(groups):
            found.append((first, behind))
            first, slots = behind, 0
    return found


def test_everything_is_found_again(saved):
    keys, places, view, (depth, groups), blocks = saved
    table = SlotTable(SECRET, view)
    restoring = Restoring(table, depth, groups, 4)
    filled = list(zip(blocks_of(groups), blocks, strict=True))
    assert len(filled) > 10
    random.Random(1).shuffle(filled)
    assert all(restoring.fill(*part, block) for part, block in filled)
    assert len(table) == COUNT - len(keys[::7])
    gone = set(keys[::7])
    for key, place in zip(keys, places, strict=True):
        assert table.get(key) == (None if key in gone else place)
    for key, place in zip(keys[::7], places[::7], strict=True):  # and it can be changed
        assert table.put(key, place) is None
        assert table.get(key) == place


def test_places_have_as_many_bytes_as_they_are_given(saved):
    keys, places, view, (_depth, _groups), _blocks = saved
    table = SlotTable(SECRET, view)
    table.put_many(keys[:500], places[:500])
    sizes = [len(b"".join(table.dump(BLOCK_SLOTS, place_bytes))) for place_bytes in (4, 5)]
    assert sizes[1] - sizes[0] == 500
    again = SlotTable(SECRET, view)
    depth, groups = table.groups()
    restoring = Restoring(again, depth, groups, 5)
    assert restoring.fill(0, len(groups), b"".join(table.dump(BLOCK_SLOTS, 5)))
    assert [again.get(key) for key in keys[:500]] == places[:500]
    with pytest.raises(ValueError, match="five bytes"):
        next(table.dump(BLOCK_SLOTS, 6))


@settings(max_examples=200)
@given(st.data())
def test_a_block_of_other_bytes_is_told_or_stays_in_its_groups(saved, data):
    _keys, _places, view, (depth, groups), blocks = saved
    which = data.draw(st.integers(0, len(blocks) - 1))
    block = bytearray(blocks[which])
    how = data.draw(st.sampled_from(["cut", "more", "changed", "noise"]))
    if how == "cut":
        del block[data.draw(st.integers(0, len(block) - 1)) :]
    elif how == "more":
        block += data.draw(st.binary(min_size=1, max_size=20))
    elif how == "changed":
        block[data.draw(st.integers(0, len(block) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        block[:] = data.draw(st.binary(max_size=len(block)))
    table = SlotTable(SECRET, view)
    restoring = Restoring(table, depth, groups, 4)
    taken = restoring.fill(*blocks_of(groups)[which], bytes(block))
    assert not (taken and how in {"cut", "more"})
    for number, part in enumerate(blocks_of(groups)):
        if number != which:
            assert restoring.fill(*part, blocks[number])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda depth, groups: (64, groups),
        lambda depth, groups: (depth, groups[:-1]),
        lambda depth, groups: (depth, [*groups, groups[0]]),
        lambda depth, groups: (depth, [(99, 1, 0), *groups[1:]]),
        lambda depth, groups: (depth, [(groups[0][0], 99, 0), *groups[1:]]),
        lambda depth, groups: (depth, [(groups[0][0], 0, 0), *groups[1:]]),
    ],
)
def test_a_shape_that_does_not_fit_together_is_refused(saved, spoil):
    _keys, _places, view, shape, _blocks = saved
    with pytest.raises(ValueError, match=r"[Gg]roup|table"):
        Restoring(SlotTable(SECRET, view), *spoil(*shape), 4)


def test_a_table_that_holds_something_is_not_filled(saved):
    keys, places, view, (depth, groups), _blocks = saved
    table = SlotTable(SECRET, view)
    table.put(keys[0], places[0])
    with pytest.raises(ValueError, match="not empty"):
        Restoring(table, depth, groups, 4)
    assert table.get(keys[0]) == places[0]
