"""A list that is to be stored is checked, dated, and known to be public or not, whichever way it is looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.handle import values
from idnode.registry.handle.errors import (
    IndexConflict,
    IndexNotPositive,
    InvalidValue,
    RecordTooLarge,
)
from idnode.registry.handle.values import pack_value

REFERENCE = b"\0\0\0\1\0\0\0\6" + b"0.NA/a" + b"\0\0\1\x2c"

packed_values = st.builds(
    pack_value,
    st.integers(-1, 4) | st.integers(-(2**31), 2**31 - 1),
    st.sampled_from([b"URL", b"HS_ADMIN", b"", b"t" * 1025, "类型".encode(), b"\xff"]),
    st.binary(max_size=20),
    timestamp=st.integers(0, 2**32 - 1),
    ttl_type=st.sampled_from([0, 1, 2]),
    permissions=st.integers(0, 17),
    references=st.sampled_from([values.EMPTY, values.EMPTY, values.EMPTY, REFERENCE]),
)


def carefully(packed, now):
    values.check(packed)
    return values.stamped(packed, now), values.all_public(packed)


def outcome(function, packed):
    try:
        return function(packed, 1234)
    except (InvalidValue, IndexConflict, RecordTooLarge) as error:
        return type(error), str(error)


@given(st.lists(packed_values, max_size=4), st.data())
def test_one_pass_finds_what_the_careful_way_finds(listed, data):
    packed = values.join(listed)
    if data.draw(st.booleans(), "damaged"):
        at = data.draw(st.integers(0, len(packed) - 1), "at")
        packed = packed[:at] + data.draw(st.binary(max_size=3)) + packed[at + 1 :]
    assert outcome(values.dated, packed) == outcome(carefully, packed)


def test_every_value_is_dated_now_and_else_unchanged(packed):
    dated, public = values.dated(packed((1, b"x"), (2, b"y")), 1234)
    assert public
    assert [value.timestamp for value in values.unpack(dated)] == [1234, 1234]
    assert [value.data for value in values.unpack(dated)] == [b"x", b"y"]


def test_one_value_that_not_everybody_may_read_makes_a_list_private():
    listed = [
        pack_value(index, b"URL", b"x", timestamp=0, permissions=bits)
        for index, bits in ((1, 0x0E), (2, 0x0C))
    ]
    assert not values.dated(values.join(listed), 1)[1]


@pytest.mark.parametrize(
    ("listed", "refusal"),
    [
        ([(1, b"URL", b""), (1, b"URL", b"")], IndexConflict),
        ([(0, b"URL", b"")], IndexNotPositive),
        ([(-1, b"URL", b"")], IndexNotPositive),
        ([(1, b"x" * 1025, b"")], InvalidValue),
        ([(1, b"URL", b"x" * 256_000)], RecordTooLarge),
    ],
)
def test_illegal_values_are_refused(listed, refusal):
    packed = values.join([pack_value(*value, timestamp=0) for value in listed])
    with pytest.raises(refusal):
        values.dated(packed, 1)


def test_bytes_that_are_no_list_are_refused():
    with pytest.raises(InvalidValue):
        values.dated(b"\xff\xff\xff\xff", 1)
