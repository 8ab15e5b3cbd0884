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


@pytest.fixture(params=sorted(CORES))
def core(request):
    return CORES[request.param]


@pytest.fixture(params=list(Durability), ids=str)
def durability(request):
    return request.param


@pytest.fixture
def options(core, durability):
    return RegisterOptions(durability=durability, core=core, interval_seconds=0.01)


async def _open_embedded(folder, core, durability, fake_remote=None):
    del fake_remote
    options = RegisterOptions(
        durability=Durability(durability), core=CORES[core], interval_seconds=0.01
    )
    return await EmbeddedRegister.open(folder, options)


async def _open_elsewhere(folder, core, durability, fake_remote):
    inner = await _open_embedded(folder, core, durability)
    return fake_remote.FakeRemoteRegister(inner)


OPENERS = {
    f"{core}-{durability}": partial(_open_embedded, core=core, durability=durability)
    for core in sorted(CORES)
    for durability in Durability
} | {"elsewhere": partial(_open_elsewhere, core="python", durability=Durability.NONE)}
"""How each register that is held to the contract is opened in a folder."""


@pytest.fixture(params=OPENERS)
async def register(request, tmp_path, fake_remote):
    opened = await OPENERS[request.param](tmp_path / "register", fake_remote=fake_remote)
    yield opened
    await opened.close()


@pytest.fixture
def packed():
    def build(*values):
        """Return a packed list of (index, data) or (index, data, permissions)."""
        return pack([HandleValue(v[0], "URL", v[1], permissions=(*v, 0x0E)[2]) for v in values])

    return build
