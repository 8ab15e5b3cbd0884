"""The imports of the project as a graph: modules, what each imports, and the circles among them."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

INSTALLED = ("registry", "clients", "node", "loadtests")
"""Folders that are installed, under the import name `idnode`."""

PROJECT = (*INSTALLED, "benchmarks", "tests", "deploy")


@dataclass(frozen=True)
class Source:
    """One Python file of the project."""

    path: Path
    module: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def folder(self) -> str:
        return str(self.path.parent.relative_to(ROOT))


class Import(NamedTuple):
    """One imported module, and the line that asks for it."""

    line: int
    module: str


def read(folder: str) -> list[Source]:
    """Return the parsed sources below a folder of the repository."""
    sources = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        installed = ("idnode",) if parts[0] in INSTALLED else ()
        module = ".".join([*installed, *(parts[:-1] if parts[-1] == "__init__" else parts)])
        text = path.read_text(encoding="utf-8")
        sources.append(Source(path, module, text, ast.parse(text)))
    return sources


def compiled() -> set[str]:
    """Return the names of the compiled modules, which have no Python source."""
    return {
        ".".join(("idnode", *path.relative_to(ROOT).with_suffix("").parts))
        for folder in INSTALLED
        for path in (ROOT / folder).rglob("*.pyx")
    }


def imports_of(source: Source, modules: set[str]) -> Iterator[Import]:
    """Yield every import, also those for type checking and those inside functions.

    ``from package import name`` names the module where there is one, and else the package.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.name}:{node.lineno}: import by full name"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(node.lineno, inner if inner in modules else str(node.module))


def graph(sources: Iterable[Source]) -> dict[str, set[str]]:
    """Return module → the project's modules that it imports."""
    listed = list(sources)
    modules = {source.module for source in listed} | compiled()
    return {
        source.module: {each.module for each in imports_of(source, modules)}
        & modules - {source.module}
        for source in listed
    }


def circles(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or through others (Tarjan's algorithm)."""
    found: list[list[str]] = []
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> None:
        number[module] = low[module] = len(number)
        stack.append(module)
        for other in sorted(arrows.get(module, ())):
            if other not in number:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], number[other])
        if low[module] == number[module]:
            # Everything above this module on the stack reaches it and is reached from it.
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(sorted(group))

    for module in sorted(arrows):
        if module not in number:
            visit(module)
    return sorted(found)
