"""The bulk API over a register of each core."""

import pytest

from idnode.registry.embedded.core import CORES


@pytest.fixture(params=sorted(CORES))
async def house(request, build_house):
    """Services over a register that holds the demo prefix 88.900."""
    return await build_house(CORES[request.param])
