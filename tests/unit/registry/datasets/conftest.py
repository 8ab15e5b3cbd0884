"""The data set, made once: nothing changes it."""

import pytest

from idnode.registry.datasets.suzhou.dataset import Suzhou


@pytest.fixture(scope="session")
def suzhou():
    return Suzhou()
