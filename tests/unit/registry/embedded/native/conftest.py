"""Registers of the compiled core; without one there is nothing to be tested here."""

import pytest

from idnode.registry.embedded.core import CORES
from idnode.registry.embedded.options import SEGMENT_BYTES_MIN, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister


@pytest.fixture(autouse=True)
def _needs_the_compiled_core():
    if "native" not in CORES:
        pytest.skip("the compiled core was not built")


@pytest.fixture
def options():
    """Options of a register with the smallest segments, never compacted."""
    return RegisterOptions(
        segment_bytes=SEGMENT_BYTES_MIN, compact_dead_share=2.0, core=CORES["native"]
    )


@pytest.fixture
async def opened(tmp_path, options):
    """Return a function that opens the register of this test, as often as it is called."""
    registers = []

    async def open_register(given=options):
        for register in registers:
            await register.close()
        registers.append(await EmbeddedRegister.open(tmp_path / "register", given))
        return registers[-1]

    yield open_register
    for register in registers:
        await register.close()
