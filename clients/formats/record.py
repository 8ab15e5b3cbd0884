"""Describes what every format reads and writes: a record, where it stood, and why something is none."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from idnode.registry.handle.model import HandleValue


@dataclass(frozen=True, slots=True)
class Record:
    """A handle with its values, and the line of the file at which it begins (1 is the first)."""

    handle: str
    values: tuple[HandleValue, ...]
    line: int = 0


class Unreadable(Exception):
    """A file cannot be read as its format; says at which line (0: the file has none) and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line


class Unsayable(Exception):
    """A record holds what a format has no form for."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open file: its bytes, the folder that paths in it start from, and the handle of a nameless record."""

    file: BinaryIO
    folder: Path = Path()
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Tells where a file is written: ``keep`` puts bytes beside it and returns the path to say in it.

    Raises:
        Unsayable: From ``keep``, where there is no beside.

    """

    keep: Callable[[bytes], str]


class Item(bytes):
    """An item of a batch, ready to be sent, and the line it comes from (0: the file has no lines)."""

    line: int

    def __new__(cls, data: bytes, line: int = 0) -> Self:
        """Return the bytes with their line."""
        made = super().__new__(cls, data)
        made.line = line
        return made


@dataclass(frozen=True, slots=True)
class Format:
    """One format. ``recognises`` judges the first bytes of a file; ``items`` are lines of NDJSON unless ``packed``."""

    name: str
    title: str
    recognises: Callable[[bytes], bool]
    items: Callable[[Source], Iterator[Item]]
    write: Callable[[Iterable[Record], Target], Iterator[bytes]] | None = None
    packed: bool = False
