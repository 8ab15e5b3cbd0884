"""A block comes back as it was written, or is told to be damaged.

* Payloads round-trip, the empty one included.
* Each flipped byte and each cut is noticed; an absurd length is not believed.
"""

import io

import pytest

from idnode.registry.embedded.blocks import read_block, write_block
from idnode.registry.errors import LogDamaged


def written(*payloads):
    file = io.BytesIO()
    for payload in payloads:
        write_block(file, payload)
    return file.getvalue()


def test_blocks_come_back_in_order():
    file = io.BytesIO(written(b"one", b"", b"three"))
    assert [read_block(file) for _ in range(3)] == [b"one", b"", b"three"]


def test_each_flipped_byte_is_noticed():
    whole = written(b"payload")
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 0x40
        with pytest.raises(LogDamaged):
            read_block(io.BytesIO(broken))


def test_each_cut_is_noticed():
    whole = written(b"payload")
    for end in range(len(whole)):
        with pytest.raises(LogDamaged):
            read_block(io.BytesIO(whole[:end]))
