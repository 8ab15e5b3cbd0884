"""The head of a clean-stop image tells by itself where the log was closed.

Promises: the mark is that of the closed log and is read without the rest of the image; without an image there
is none; whatever else stands in the file is told as damage, never as another error.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.registry.embedded import image
from idnode.registry.embedded.blocks import read_block
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.embedded.storage.log import Log
from idnode.registry.errors import LogDamaged
from idnode.registry.mutation import Create


@pytest.fixture
async def folder(tmp_path):
    register = await EmbeddedRegister.open(tmp_path)
    await register.submit([Create(b"88.900.1/a", b"\0\0\0\0")])
    await register.close()
    return tmp_path


def head_bytes(path):
    """Return how long the head is: the block of the format, and that of the mark."""
    with path.open("rb") as file:
        read_block(file)
        read_block(file)
        return file.tell()


def test_the_mark_is_the_end_of_the_closed_log(folder):
    mark = image.read_mark(folder)
    log = Log.open(folder)
    log.resume(mark)
    assert log.mark() == mark
    log.close()


def test_only_the_head_is_read(folder):
    path = folder / image.FILE_NAME
    mark = image.read_mark(folder)
    path.write_bytes(path.read_bytes()[: head_bytes(path)])
    assert image.read_mark(folder) == mark


def test_without_an_image_there_is_no_mark(tmp_path):
    assert image.read_mark(tmp_path) is None


def test_anything_else_is_damage(folder):
    path = folder / image.FILE_NAME
    whole = path.read_bytes()[: head_bytes(path)]

    @given(st.binary(max_size=80) | st.integers(0, len(whole) - 1).map(lambda end: whole[:end]))
    def attempt(content):
        path.write_bytes(content)
        with pytest.raises(LogDamaged):
            image.read_mark(folder)

    attempt()
