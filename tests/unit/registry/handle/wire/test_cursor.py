"""The bounded reader and the writer.

* Nothing is read past the end that a reader was given, whatever lengths and counts say.
* A count is believed only if its items could follow.
* A restricted reader sees its bytes only, and `finish` insists that they were used up.
* A field that does not fit raises the encoding error, and what was written reads back.
"""

import pytest

from idnode.registry.handle import values
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.model import HandleValue, Reference
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.errors import (
    CountTooLarge,
    EncodingError,
    FieldTooShort,
    UnexpectedBytes,
)


def test_integers_read_back():
    data = Writer().u1(1).u2(2).u4(3).i4(-4).u8(5).done()
    reader = Reader(data)
    assert [reader.u1(), reader.u2(), reader.u4(), reader.i4(), reader.u8()] == [1, 2, 3, -4, 5]
    reader.finish()


def test_strings_and_lists_read_back():
    data = Writer().string(b"a").strings([b"b", b""]).integers([-1, 2]).raw(b"rest").done()
    reader = Reader(data)
    assert reader.string() == b"a"
    assert reader.strings() == (b"b", b"")
    assert reader.integers() == (-1, 2)
    assert reader.remaining == 4
    assert reader.rest() == b"rest"


@pytest.mark.parametrize("method", ["u1", "u2", "u4", "i4", "u8", "string", "handle", "value"])
def test_nothing_is_read_past_the_end(method):
    with pytest.raises(FieldTooShort):
        getattr(Reader(b""), method)()


def test_a_length_past_the_end_is_refused_with_the_facts():
    with pytest.raises(FieldTooShort) as caught:
        Reader(b"\xff\xff\xff\xffab").string()
    assert (caught.value.needed, caught.value.available) == (0xFFFFFFFF, 2)


@pytest.mark.parametrize("method", ["strings", "integers", "handles", "value_list"])
def test_a_count_of_more_than_could_follow_is_refused(method):
    with pytest.raises(CountTooLarge) as caught:
        getattr(Reader(b"\x7f\xff\xff\xff" + bytes(52)), method)()
    assert caught.value.count == 0x7FFFFFFF
    assert caught.value.possible == (2 if method == "value_list" else 13)


def test_a_handle_longer_than_the_model_allows_is_no_handle():
    with pytest.raises(InvalidHandle):
        Reader(Writer().string(b"x" * 4097).done()).handle()
    assert Reader(Writer().string(b"x" * 4096).done()).handle() == b"x" * 4096


def test_a_value_list_is_returned_as_it_stands():
    packed = values.pack(
        [HandleValue(1, "URL", b"u"), HandleValue(2, "X", b"", references=(Reference("a/b", 1),))]
    )
    reader = Reader(packed + b"more")
    assert reader.value_list() == packed
    assert reader.rest() == b"more"
    for end in range(len(packed)):
        with pytest.raises((FieldTooShort, CountTooLarge)):
            Reader(packed[:end]).value_list()


def test_the_smallest_value_counts_as_possible():
    packed = values.join([values.pack_value(1, b"", b"", timestamp=0)])
    assert Reader(packed).value_list() == packed


def test_a_restricted_reader_ends_early():
    reader = Reader(b"abcdef")
    inner = reader.restrict(2)
    assert inner.take(2) == b"ab"
    with pytest.raises(FieldTooShort):
        inner.u1()
    assert reader.rest() == b"cdef"
    with pytest.raises(FieldTooShort):
        reader.restrict(1)


def test_left_over_bytes_are_told():
    with pytest.raises(UnexpectedBytes) as caught:
        Reader(b"abc").finish()
    assert caught.value.extra == 3


@pytest.mark.parametrize(
    ("method", "number"),
    [("u1", 256), ("u1", -1), ("u2", 65536), ("u4", -1), ("i4", 2**31), ("u8", 2**64)],
)
def test_a_number_that_does_not_fit_is_refused(method, number):
    with pytest.raises(EncodingError):
        getattr(Writer(), method)(number)
