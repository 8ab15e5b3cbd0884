"""A register on a file system in memory takes no more of it than it has written.

Segments are preallocated as holes, which nothing touches: not a start, a roll, a clean stop, a start after a crash, a
verification nor the check. Holes are found whatever their shape, also at both ends of a file.
"""

import os
import shutil
from pathlib import Path

import pytest
from tests.killed_copy import killed_copy

from idnode.registry.embedded.options import RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.embedded.storage.check import check
from idnode.registry.embedded.storage.holes import is_blank, runs, written_end
from idnode.registry.mutation import Create

MEMORY = Path("/dev/shm")
PAGE = 4096
SEGMENT_BYTES = 1 << 30
TAKEN_MAX = 16 << 20
"""Bytes that a register of some records may take: its reserve is half of that."""


@pytest.fixture
def memory(tmp_path):
    """Return a folder on a file system in memory."""
    if not os.access(MEMORY, os.W_OK):
        pytest.skip("no file system in memory")
    folder = MEMORY / f"idnode-{os.getpid()}-{tmp_path.name}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def creates(packed):
    """Return a function that returns creations of records from a number on."""
    value = packed((1, b"value"))
    return lambda start, count: [
        Create(b"88.900.1/%d" % number, value) for number in range(start, start + count)
    ]


def taken(folder):
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("verify", [False, True])
async def test_21_a_start_takes_no_more_than_was_written(memory, creates, verify):
    folder = memory / "register"
    for number in range(3):
        options = RegisterOptions(segment_bytes=SEGMENT_BYTES, verify=verify)
        register = await EmbeddedRegister.open(folder, options)
        await register.submit(creates(number * 100, 100))
        assert taken(folder) < TAKEN_MAX
        copy = killed_copy(folder, memory / f"killed{number}", _sparsely)
        await register.close()
        assert taken(folder) < TAKEN_MAX
        killed = await EmbeddedRegister.open(copy, options)  # as a kill would have left it
        assert await killed.count(b"88.900.1") == (number + 1) * 100
        assert taken(copy) < TAKEN_MAX
        await killed.close()
        assert check(copy).healthy
        assert taken(copy) < TAKEN_MAX
        shutil.rmtree(copy)


def _sparsely(source, target):
    source, target = Path(source), Path(target)
    size = source.stat().st_size
    with source.open("rb") as read, target.open("wb") as write:
        for start, end in runs(source, 0, size):
            read.seek(start)
            write.seek(start)
            write.write(read.read(end - start))
        write.truncate(size)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ([], 0),
        ([], 64 * PAGE),
        ([(0, 10)], 64 * PAGE),
        ([(0, 10)], 10),
        ([(8 * PAGE, 10)], 64 * PAGE),
        ([(8 * PAGE, 10), (20 * PAGE, PAGE)], 64 * PAGE),
        ([(63 * PAGE, PAGE)], 64 * PAGE),
        ([(0, 64 * PAGE)], 64 * PAGE),
    ],
)
def test_21_what_was_written_is_found_whatever_lies_between(memory, written, size):
    path = memory / "file"
    with path.open("wb") as file:
        for at, length in written:
            file.seek(at)
            file.write(b"x" * length)
        file.truncate(size)
    found = list(runs(path, 0, size))
    for at, length in written:
        assert any(start <= at and at + length <= end for start, end in found)
    assert sum(end - start for start, end in found) <= sum(
        length + 2 * PAGE for _, length in written
    )
    last = max((at + length for at, length in written), default=0)
    assert last <= written_end(path) <= min(last + PAGE, size) or not written
    assert is_blank(path, last)
    assert is_blank(path, 0) == (not written)
    assert path.stat().st_blocks * 512 <= sum(length + 2 * PAGE for _, length in written)
