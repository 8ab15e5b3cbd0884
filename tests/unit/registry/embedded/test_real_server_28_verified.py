"""Promises about damage that lies where nobody looks: in a register with an image, and in what a snapshot copies.

* A start with an image does not read the log; with ``verify`` it does, and refuses what is damaged.
* A snapshot copies no record that is not what was written.
"""

import pytest

from idnode.registry.embedded.options import RegisterOptions
from idnode.registry.errors import LogDamaged
from idnode.registry.mutation import Create


@pytest.fixture
def flip(tmp_path):
    """Return a function that alters one byte in the first record."""

    def alter():
        path = tmp_path / "register" / "segment-00000001.log"
        with path.open("r+b") as file:
            file.seek(100)
            byte = file.read(1)
            file.seek(100)
            file.write(bytes([byte[0] ^ 1]))

    return alter


@pytest.fixture
def creates(packed):
    return [Create(b"88.900.1/%d" % i, packed((1, b"value"))) for i in range(50)]


async def test_a_start_verifies_when_it_is_asked_to(opened, creates, flip):
    register = await opened()
    await register.submit(creates)
    await register.close()
    trusting = await opened()
    assert trusting.recovered.from_image
    await trusting.close()
    verified = await opened(RegisterOptions(verify=True))
    assert (verified.recovered.from_image, verified.recovered.records) == (False, 50)
    await verified.close()
    flip()
    for _ in range(2):  # the second attempt forgives no more than the first
        with pytest.raises(LogDamaged, match="segment 1"):
            await opened(RegisterOptions(verify=True))
    assert (await opened()).recovered.from_image


async def test_a_snapshot_copies_nothing_that_is_damaged(opened, creates, flip, tmp_path):
    register = await opened()
    await register.submit(creates)
    await register.snapshot(tmp_path / "whole")
    flip()
    with pytest.raises(LogDamaged, match="segment 1, offset 64"):
        await register.snapshot(tmp_path / "damaged")
    assert not list((tmp_path / "damaged").iterdir())
