"""Promises of the segment's header and file.

* A header read back is the expected one, or the damage says how it differs.
* Every flipped byte of a header is detected.
* Only names that we would give are taken for segments.
"""

import pytest

from idnode.registry.embedded.limits import SEGMENT_SPAN_BYTES
from idnode.registry.embedded.storage.disk import DISK
from idnode.registry.embedded.storage.holes import is_blank
from idnode.registry.embedded.storage.segment import (
    HEADER_BYTES,
    Header,
    check_header,
    create,
    encode_header,
    file_name,
    map_segment,
    number_of,
)
from idnode.registry.errors import LogDamaged

HEADER = Header(b"r" * 16, 7, 100)


def test_a_header_has_64_bytes_and_checks():
    data = encode_header(HEADER)
    assert len(data) == HEADER_BYTES == 64
    check_header(data + b"more", HEADER)


@pytest.mark.parametrize("at", range(64))
def test_every_flipped_byte_is_detected(at):
    data = bytearray(encode_header(HEADER))
    data[at] ^= 0x40
    with pytest.raises(LogDamaged, match="segment 7, offset 0: the header's checksum"):
        check_header(bytes(data), HEADER)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (HEADER._replace(register=b"s" * 16), "belongs to register 7373"),
        (HEADER._replace(number=8), "holds segment 8"),
        (HEADER._replace(first=101), "first sequence is 101"),
    ],
)
def test_a_header_of_another_segment_is_damage(other, said):
    with pytest.raises(LogDamaged, match=said):
        check_header(encode_header(other), HEADER)


def test_a_cut_header_is_damage():
    with pytest.raises(LogDamaged, match="cut after 63 bytes"):
        check_header(encode_header(HEADER)[:63], HEADER)


def test_another_format_is_damage(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("idnode.registry.embedded.storage.segment.FORMAT_VERSION", 2)
        newer = encode_header(HEADER)
    with pytest.raises(LogDamaged, match="version 2 is not ours"):
        check_header(newer, HEADER)


def test_names_and_numbers_go_together():
    assert file_name(12) == "segment-00000012.log"
    assert number_of("segment-00000012.log") == 12
    assert number_of(file_name(123_456_789)) == 123_456_789
    for name in ("segment-12.log", "segment-0000000012.log", "segment-00000012.log.new", "x"):
        assert number_of(name) is None


def test_a_new_segment_is_blank_until_a_record_is_written(tmp_path):
    path = tmp_path / file_name(7)
    create(DISK, path, HEADER, 4096)
    assert path.stat().st_size == 4096
    assert is_blank(path, HEADER_BYTES)
    check_header(map_segment(path, 7), HEADER)
    with path.open("r+b") as file:
        file.seek(4095)
        file.write(b"x")
    assert not is_blank(path, HEADER_BYTES)


def test_impossible_sizes_are_damage_not_a_failing_mapping(tmp_path):
    path = tmp_path / file_name(7)
    path.touch()
    with pytest.raises(LogDamaged, match="cannot have 0 bytes"):
        map_segment(path, 7)
    with path.open("wb") as file:
        file.truncate(SEGMENT_SPAN_BYTES + 1)
    with pytest.raises(LogDamaged, match="cannot have"):
        map_segment(path, 7)
