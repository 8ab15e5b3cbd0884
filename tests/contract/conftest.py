"""Registers to be held to the contract: every index with every durability."""

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


@pytest.fixture
async def register(tmp_path, options):
    opened = await EmbeddedRegister.open(tmp_path / "register", options)
    yield opened
    await opened.close()


@pytest.fixture
def packed():
    def build(*values):
        """Return a packed list of (index, data) or (index, data, permissions)."""
        return pack([HandleValue(v[0], "URL", v[1], permissions=(*v, 0x0E)[2]) for v in values])

    return build
