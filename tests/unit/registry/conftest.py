"""Packed values, a memory of records for admission, and registers in a fresh folder."""

import pytest

from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack


@pytest.fixture
def packed():
    def build(*values):
        """Return a packed list of (index, data) or (index, data, permissions)."""
        return pack([HandleValue(v[0], "URL", v[1], permissions=(*v, 0x0E)[2]) for v in values])

    return build


@pytest.fixture
async def opened(tmp_path):
    """Return a function that opens the register of this test, as often as it is called."""
    registers = []

    async def open_register(options=None):
        for register in registers:
            await register.close()
        registers.append(await EmbeddedRegister.open(tmp_path / "register", options))
        return registers[-1]

    yield open_register
    for register in registers:
        await register.close()
