"""Promises of the record codec.

* What is encoded decodes to the same fields, at any offset, from bytes and from a mapped file.
* The layout is the documented one, byte for byte.
* No altered, cut or made-up bytes decode: the answer is `LogDamaged` with segment and offset, never a wrong
  record, never another exception, never a large allocation.
"""

import mmap
import struct

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.embedded.storage.record import (
    DELETE,
    FIRST,
    LENGTH_MAX,
    PUT,
    RESTRICTED,
    SPAN_PLACES,
    decode,
    encode,
    place_of,
)
from idnode.registry.errors import LogDamaged
from idnode.registry.handle.limits import HANDLE_BYTES_MAX, RECORD_BYTES_MAX

fields = st.tuples(
    st.integers(0, 2**64 - 1),
    st.sampled_from([PUT, DELETE]),
    st.integers(0, 7),
    st.binary(min_size=1, max_size=60),
    st.binary(max_size=200),
)


@given(fields, st.integers(0, 5), st.integers(0, 2**40 - 1))
def test_what_is_encoded_decodes_to_the_same_fields(record, units, place):
    data = encode(*record)
    found = decode(bytes(units * 8) + data + b"behind", units * 8, place=place)
    assert found == (place, *record, len(data))
    assert len(data) % 8 == 0


def test_the_layout_is_the_documented_one():
    data = encode(0x0102030405060708, PUT, FIRST | RESTRICTED, b"88.1/a", b"val")
    length = 20 + 6 + 3
    checked = (
        length.to_bytes(4, "little")
        + bytes([8, 7, 6, 5, 4, 3, 2, 1])
        + bytes([1, 6])
        + (6).to_bytes(2, "little")
        + b"88.1/aval"
    )
    crc = google_crc32c.value(checked).to_bytes(4, "little")
    assert data == crc + checked + bytes(3)


def test_the_longest_record_decodes():
    handle, values = b"h" * HANDLE_BYTES_MAX, b"v" * RECORD_BYTES_MAX
    assert decode(encode(1, PUT, 0, handle, values), 0, place=8).values == values


def test_a_record_decodes_from_a_mapped_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(64) + encode(7, DELETE, 0, b"88.1/a", b""))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        assert decode(data, 64, place=8) == (8, 7, DELETE, 0, b"88.1/a", b"", 32)


def test_every_flipped_bit_is_detected():
    data = encode(3, PUT, FIRST, b"88.1/abc", b"some values")
    assert len(data) % 8 == 0
    assert data[-1] == 0, "the record has padding to flip"
    for at in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(LogDamaged):
            decode(bytes(flipped), 0, place=8)


def test_every_cut_is_detected():
    data = encode(3, PUT, FIRST, b"88.1/abc", b"some values")
    for length in range(len(data)):
        with pytest.raises(LogDamaged):
            decode(data[:length], 0, place=8)


@given(st.binary(max_size=100), st.integers(0, 120))
def test_any_bytes_are_a_record_or_damage(data, offset):
    with pytest.raises(LogDamaged):
        decode(data, offset, place=8)


def _forged(length, kind, handle_bytes, rest):
    """A record with a right checksum over fields that cannot be."""
    checked = struct.pack("<IQBBH", length, 1, kind, 0, handle_bytes) + rest
    return google_crc32c.value(checked[: max(length - 4, 0)]).to_bytes(4, "little") + checked


@pytest.mark.parametrize(
    "data",
    [
        _forged(28, 3, 4, b"88.1abcd"),
        _forged(28, 0, 4, b"88.1abcd"),
        _forged(28, PUT, 0, b"88.1abcd"),
        _forged(28, PUT, 9, b"88.1abcd"),
        _forged(0, PUT, 4, b"88.1abcd"),
        _forged(4, PUT, 4, b"88.1abcd"),
        _forged(19, PUT, 4, b"88.1abcd"),
        _forged(LENGTH_MAX + 1, PUT, 4, bytes(LENGTH_MAX)),
    ],
    ids=["kind 3", "kind 0", "no handle", "long handle", "0", "4", "19", "too long"],
)
def test_impossible_fields_are_refused_even_with_a_right_checksum(data):
    with pytest.raises(LogDamaged):
        decode(data, 0, place=8)


def test_damage_names_segment_and_offset():
    with pytest.raises(LogDamaged, match=r"segment 3, offset 4096: ") as caught:
        decode(bytes(100), 0, place=place_of(3, 4096))
    assert (caught.value.segment, caught.value.offset) == (3, 4096)
    assert caught.value.reason


def test_places_count_units_of_eight_bytes_and_wrap_with_the_segment_number():
    assert place_of(0, 64) == 8
    assert place_of(5, 64) == 5 * SPAN_PLACES + 8
    assert place_of(8192 + 5, 64) == place_of(5, 64)
    assert place_of(8191, 2**30 - 8) < 2**40
