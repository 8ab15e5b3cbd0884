"""Registers to be held to the contract: the embedded one with every core and durability, and one that is elsewhere.

Another engine joins by a row in `OPENERS`.
"""

from functools import partial

import pytest

from idnode.registry.embedded.core import CORES
from idnode.registry.embedded.options import Durability, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack
from idnode.registry.postgres.address import Address
from idnode.registry.postgres.register import PostgresRegister


@pytest.fixture(params=sorted(CORES))
def core(request):
    return CORES[request.param]


@pytest.fixture(params=list(Durability), ids=str)
def durability(request):
    return request.param


@pytest.fixture
def options(core, durability):
    return RegisterOptions(durability=durability, core=core, interval_seconds=0.01)


async def _open_embedded(folder, _fixture, core, durability):
    options = RegisterOptions(
        durability=Durability(durability), core=CORES[core], interval_seconds=0.01
    )
    return await EmbeddedRegister.open(folder, options)


async def _open_elsewhere(folder, fixture, core, durability):
    inner = await _open_embedded(folder, fixture, core, durability)
    return fixture("fake_remote").FakeRemoteRegister(inner)


async def _open_postgresql(_folder, fixture):
    return await PostgresRegister.open(Address(fixture("postgres").prepared()))


OPENERS = {
    f"{core}-{durability}": partial(_open_embedded, core=core, durability=durability)
    for core in sorted(CORES)
    for durability in Durability
} | {
    "elsewhere": partial(_open_elsewhere, core="python", durability=Durability.NONE),
    "postgresql": _open_postgresql,
}
"""How each register that is held to the contract is opened in a folder, given the fixtures."""


@pytest.fixture(params=OPENERS)
async def register(request, tmp_path):
    opened = await OPENERS[request.param](tmp_path / "register", request.getfixturevalue)
    yield opened
    await opened.close()


@pytest.fixture
def packed():
    def build(*values):
        """Return a packed list of (index, data) or (index, data, permissions)."""
        return pack([HandleValue(v[0], "URL", v[1], permissions=(*v, 0x0E)[2]) for v in values])

    return build
