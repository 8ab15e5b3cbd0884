"""What the tidiness tests read: the sources of the project, parsed once."""

import pytest
from tests.tidy.imports import INSTALLED, ROOT, read


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def packages():
    """Return the sources that are installed."""
    return [source for folder in INSTALLED for source in read(folder)]


@pytest.fixture(scope="session")
def sources(packages):
    """Return every Python source of the project."""
    return [*packages, *read("tests"), *read("benchmarks"), *read("deploy")]
