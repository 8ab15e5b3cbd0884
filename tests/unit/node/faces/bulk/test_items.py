"""Packing of batch items.

Promise: whatever an item is made of, packing refuses it with one of the register's errors, or returns values that
pass the register's own checks unchanged, dated as asked (so that nobody needs to look at them again).
"""

from hypothesis import example, given
from hypothesis import strategies as st

from idnode.node.faces.bulk.items import ItemPacker
from idnode.registry.handle import values
from idnode.registry.handle.errors import RegistryError

NOW = 1_700_000_000

INDEXES = st.integers(-1, 4) | st.integers() | st.booleans() | st.floats() | st.text(max_size=3)
TEXTS = st.text(max_size=6) | st.binary(max_size=6) | st.none() | st.integers() | st.just("\ud800")
DATA = TEXTS | st.dictionaries(st.sampled_from(["base64", "x"]), TEXTS, max_size=2)
TTLS = st.integers(-1, 5) | st.integers() | st.floats() | st.none()
VALUES = st.lists(
    st.tuples(INDEXES, TEXTS, DATA)
    | st.tuples(INDEXES, TEXTS, DATA, TTLS)
    | st.tuples(st.integers(1, 4), st.sampled_from(["URL", b"URL"]), st.text(max_size=4))
    | st.lists(DATA, max_size=5),
    max_size=4,
)
ITEMS = st.tuples(st.just("88.900/x") | TEXTS, VALUES) | VALUES | TEXTS | st.lists(DATA, max_size=3)


@given(items=st.lists(ITEMS, max_size=4))
@example(items=[["88.900/x", [[1, "URL", "x"]]], ["88.900/x", [[True, "URL", "x"]]]])
@example(items=[["88.900/x", [[1, b"\xff", "x"]]]])
@example(items=[["88.900/x", [[2, "A", ""], [1, "A", ""], [2, "A", ""]]]])
@example(items=[["88.900/x", {"abc": 1}], ["88.900/x", "abc"], b"ab", "ab"])
def test_what_is_packed_passes_the_registers_checks(items):
    packer = ItemPacker(NOW)
    for item in items:
        try:
            handle, packed = packer.pack(item)
        except RegistryError:
            continue
        assert b"/" in handle
        values.check(packed)
        assert all(value.timestamp == NOW for value in values.unpack(packed))
