"""A listing knows each prefix's handles in order, and exactly how many.

* Handles may come in any order, mixed over prefixes, by ones or by the thousand.
* A page holds what sorts behind the cursor, at most the limit.
* Removed handles are gone, fresh or not; a prefix without handles is gone too.
* What was saved comes back, in chunks that stay within one prefix; damage is told.
"""

import io
import random

import msgpack
import pytest

from idnode.registry.embedded import listing as listings
from idnode.registry.embedded.blocks import write_block
from idnode.registry.embedded.listing import FRESH_MAX, Listing
from idnode.registry.errors import LogDamaged


def test_handles_come_out_in_order_whatever_order_they_came_in():
    keys = [b"%s/%06d" % (prefix, i) for prefix in (b"A", b"A.B") for i in range(FRESH_MAX + 10)]
    shuffled = random.Random(1).sample(keys, len(keys))
    listing = Listing()
    for start in range(0, len(shuffled), 100):
        listing.add(shuffled[start : start + 100])
    assert listing.prefixes() == [b"A", b"A.B"]
    for prefix in (b"A", b"A.B"):
        own = sorted(key for key in keys if key.startswith(prefix + b"/"))
        assert listing.count(prefix) == len(own)
        assert listing.page(prefix, after=b"", limit=len(keys)) == own


def test_a_page_is_what_sorts_behind_the_cursor():
    listing = Listing()
    listing.add([b"A/1", b"A/2", b"A/3"])
    assert listing.page(b"A", after=b"A/1", limit=1) == [b"A/2"]
    assert listing.page(b"A", after=b"A/15", limit=5) == [b"A/2", b"A/3"]
    assert listing.page(b"A", after=b"A/3", limit=5) == []
    assert listing.page(b"B", after=b"", limit=5) == []


def test_removed_handles_are_gone_fresh_or_not():
    listing = Listing()
    listing.add([b"A/1", b"A/2"])
    listing.page(b"A", after=b"", limit=1)
    listing.add([b"A/3"])
    listing.remove(b"A/1")
    listing.remove(b"A/3")
    assert listing.page(b"A", after=b"", limit=5) == [b"A/2"]
    listing.remove(b"A/2")
    assert listing.prefixes() == []
    assert listing.count(b"A") == 0


def test_a_handle_without_a_slash_is_its_own_prefix():
    listing = Listing()
    listing.add([b"A", b"A/1"])
    assert listing.count(b"A") == 2
    assert listing.page(b"A", after=b"", limit=5) == [b"A", b"A/1"]


def test_what_was_saved_comes_back(monkeypatch):
    monkeypatch.setattr(listings, "CHUNK_KEYS", 3)
    listing, again = Listing(), Listing()
    listing.add([b"A/%d" % i for i in range(7)])
    listing.add([b"A.B/1", b"Z/1"])
    file = io.BytesIO()
    saved = [list(chunk) for chunk in listing.save(file)]
    assert [len(chunk) for chunk in saved] == [3, 3, 1, 1, 1]
    file.seek(0)
    assert list(again.load(file)) == saved
    assert again.prefixes() == [b"A", b"A.B", b"Z"]
    assert again.page(b"A", after=b"", limit=9) == [b"A/%d" % i for i in range(7)]


@pytest.mark.parametrize("payload", [b"\xc1", msgpack.packb([]), msgpack.packb({b"A": 1})])
def test_a_block_that_is_no_list_of_handles_is_told(payload):
    file = io.BytesIO()
    write_block(file, payload)
    file.seek(0)
    with pytest.raises(LogDamaged):
        list(Listing().load(file))
