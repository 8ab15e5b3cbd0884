"""Promises of judging the end of a log.

* A later commit's record is found wherever it lies behind the bad bytes: at any multiple of eight, across the
  borders of the pieces that are searched, behind holes, when sequences pass 2**32.
* What only looks like one is none: not FIRST, a sequence that cannot be there, a bad checksum.
* The end of what is not zero is exact, in files with holes and without.
"""

import os

import pytest

from idnode.registry.embedded.storage import tail as tails
from idnode.registry.embedded.storage.holes import written_end
from idnode.registry.embedded.storage.record import (
    CONTINUES,
    DELETE,
    FIRST,
    PUT,
    RESTRICTED,
    encode,
)
from idnode.registry.embedded.storage.tail import Tail, examine_tail, judge_tail
from idnode.registry.embedded.storage.walk import Walk
from idnode.registry.errors import LogDamaged

START = 64


def _record(sequence, flags=FIRST, kind=PUT):
    return encode(sequence, kind, flags, b"88.1/%d" % sequence, b"values")


@pytest.fixture
def examine(tmp_path):
    def examine_it(content, *, expected, start=START):
        path = tmp_path / "segment"
        path.write_bytes(content)
        return examine_tail(path, len(content), start, expected=expected)

    return examine_it


@pytest.mark.parametrize("flags", [FIRST, FIRST | CONTINUES, FIRST | RESTRICTED, 7])
@pytest.mark.parametrize("kind", [PUT, DELETE])
def test_a_later_commit_is_found(examine, flags, kind):
    later = START + 48
    tail = examine(b"\1" * later + _record(6, flags, kind) + bytes(100), expected=5)
    assert tail.later == later


@pytest.mark.parametrize("expected", [1, 2**32 - 2, 2**32 - 1, 2**32, 2**40 + 7, 2**63])
def test_a_later_commit_is_found_at_any_height_of_the_sequence(examine, expected):
    content = b"\1" * (START + 24) + _record(expected + 1)
    assert examine(content, expected=expected).later == START + 24


def test_a_later_commit_is_found_at_every_offset_around_a_border(examine, monkeypatch):
    monkeypatch.setattr(tails, "_CHUNK_BYTES", 256)
    for later in range(START + 24, START + 800, 8):
        for filler in (b"\1", b"\0"):
            content = bytes(START) + b"\1" * 8 + filler * (later - START - 8) + _record(2)
            assert examine(content, expected=1).later == later


@pytest.mark.parametrize(
    "behind",
    [
        _record(6, 0),
        _record(6, CONTINUES | RESTRICTED),
        _record(5),
        _record(4),
        _record(1),
        _record(9),
        _record(1 << 33),
        _record(6)[:-9] + b"x" + _record(6)[-8:],
        b"\1\1\1\1" + _record(6),
        _record(6)[:-8],
    ],
    ids=[
        "of the same commit",
        "other flags",
        "the expected one",
        "an earlier one",
        "a much earlier one",
        "no room for those between",
        "far above",
        "altered",
        "not at a multiple of eight",
        "cut",
    ],
)
def test_what_only_looks_like_a_later_commit_is_none(examine, behind):
    content = b"\1" * (START + 72) + behind + bytes(50)
    tail = examine(content, expected=5)
    assert tail == Tail(len(content.rstrip(b"\0")), None)


def test_the_bad_bytes_themselves_are_no_later_commit(examine):
    assert examine(bytes(START) + _record(6), expected=5).later is None


def test_nothing_but_zeros_ends_where_it_starts(examine):
    assert examine(bytes(START), expected=1) == Tail(START, None)
    assert examine(bytes(10_000), expected=1) == Tail(START, None)
    assert examine(bytes(START) + b"\0\0\1", expected=1) == Tail(START + 3, None)


def _sparse(path, pieces, size):
    with path.open("wb") as file:
        for at, piece in pieces:
            file.seek(at)
            file.write(piece)
        file.truncate(size)
    return path.read_bytes()


@pytest.fixture(params=["holes told", "holes not told", "no such call", "call refused"])
def holes(request, monkeypatch):
    if request.param == "holes not told":

        def whole_file(descriptor, at, whence):
            return at if whence == os.SEEK_DATA else os.fstat(descriptor).st_size

        monkeypatch.setattr(os, "lseek", whole_file)
    elif request.param == "no such call":
        monkeypatch.delattr(os, "SEEK_DATA")
    elif request.param == "call refused":

        def refused(_descriptor, _at, _whence):
            raise OSError(22, "Invalid argument")

        monkeypatch.setattr(os, "lseek", refused)


@pytest.mark.usefixtures("holes")
def test_bytes_behind_holes_are_seen(tmp_path):
    path, size = tmp_path / "segment", 3 << 20
    content = _sparse(path, [(0, b"\1" * 100), (1 << 20, b"\2" * 8)], size)
    assert examine_tail(path, len(content), 104, expected=9) == Tail((1 << 20) + 8, None)
    assert 1 << 20 < written_end(path) <= size
    later = (2 << 20) + 4096 - 16
    content = _sparse(path, [(0, b"\1" * 100), (later, _record(10))], size)
    assert examine_tail(path, len(content), 104, expected=9).later == later
    content = _sparse(path, [(0, b"\1" * 100)], size)
    assert examine_tail(path, len(content), 104, expected=9) == Tail(104, None)


def _judge(tmp_path, content):
    path = tmp_path / "segment"
    path.write_bytes(content)
    walk = Walk(content, 1, start=0, end=len(content), sequence=0)
    sequences = [record.sequence for record in walk]
    return sequences, judge_tail(path, walk)


def test_a_clean_end_needs_no_cut(tmp_path):
    assert _judge(tmp_path, _record(1) + bytes(100)) == ([1], None)


def test_a_torn_tail_is_told_with_its_bytes_and_reason(tmp_path):
    whole = _record(1)
    _sequences, cut = _judge(tmp_path, whole + _record(2, 0)[:30] + bytes(100))
    assert (cut.bytes, cut.segment, cut.offset) == (30, 1, len(whole))
    assert cut.place == (1 << 27) + len(whole) // 8
    assert cut.reason == "the checksum does not match"


def test_zeros_before_other_bytes_are_told(tmp_path):
    _sequences, cut = _judge(tmp_path, _record(1) + bytes(64) + b"x")
    assert (cut.bytes, cut.reason) == (65, "zeros, and then something else")


def test_zeros_before_a_later_commit_are_damage(tmp_path):
    with pytest.raises(LogDamaged, match=r"offset 32: zeros.*later commit lies at offset 96"):
        _judge(tmp_path, _record(1) + bytes(64) + _record(3))
