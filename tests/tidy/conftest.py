"""What the tidiness tests read: the sources of the project, parsed once."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLED = ("registry", "clients", "node", "loadtests")
"""Folders that are installed, under the import name `idnode`."""


@dataclass(frozen=True)
class Source:
    """One Python file of the project."""

    path: Path
    module: str
    text: str
    tree: ast.Module

    @property
    def name(self):
        return str(self.path.relative_to(ROOT))


def _read(folder):
    sources = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        installed = ("idnode",) if parts[0] in INSTALLED else ()
        module = ".".join([*installed, *(parts[:-1] if parts[-1] == "__init__" else parts)])
        text = path.read_text(encoding="utf-8")
        sources.append(Source(path, module, text, ast.parse(text)))
    return sources


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def packages():
    """Return the sources that are installed."""
    return [s for folder in INSTALLED for s in _read(folder)]


@pytest.fixture(scope="session")
def sources(packages):
    """Return every Python source of the project."""
    return [*packages, *_read("tests"), *_read("benchmarks"), *_read("deploy")]
