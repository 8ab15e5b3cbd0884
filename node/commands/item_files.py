"""Files of identifiers on their way to a node: opened, recognised, and cut into requests."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final, cast

import typer

from idnode.clients.formats.record import Format, Item
from idnode.clients.formats.table import FORMATS, HEAD_BYTES, recognise
from idnode.node.commands.failure import CommandFailed

if TYPE_CHECKING:
    from io import BufferedReader

ITEMS_MAX: Final = 10_000
"""Items in one request."""

CHUNK_BYTES_MAX: Final = 16 << 20
"""Bytes of items after which a request is full, far below what a node takes (64 MiB)."""

_STANDARD_INPUT: Final = "-"

FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(FORMATS),
        help="[default: recognised from the file's beginning]",
    ),
]


def format_named(name: str) -> Format:
    """Return the format of this name.

    Raises:
        CommandFailed: There is none.

    """
    if name not in FORMATS:
        raise CommandFailed(f"--format {name!r}: expected {', '.join(FORMATS)}", exit_code=2)
    return FORMATS[name]


@contextmanager
def opened(path: Path, asked: str | None) -> Iterator[tuple[BinaryIO, Format]]:
    """Give the file to read, ``-`` being standard input, and its format: as asked, or recognised and told.

    Raises:
        CommandFailed: It cannot be read, or is of no format.

    """
    with _file(path) as file:
        if asked is not None:
            yield file, format_named(asked)
            return
        head = cast("BufferedReader", file).peek(HEAD_BYTES)
        found = recognise(head)
        if found is None:
            known = ", ".join(each.title for each in FORMATS.values())
            raise CommandFailed(f"{path}: none of the formats {known}; name it with --format")
        typer.echo(f"{path}: {found.title}", err=True)
        yield file, found


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    if str(path) == _STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb", buffering=HEAD_BYTES)
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}") from error
    with file:
        yield file


def folder_of(path: Path) -> Path:
    """Return the folder that paths in a file start from."""
    return Path() if str(path) == _STANDARD_INPUT else path.parent


def size_of(path: Path) -> int:
    """Return the bytes of a file, 0 where nobody knows."""
    return 0 if str(path) == _STANDARD_INPUT else path.stat().st_size


def chunks(items: Iterator[Item], skip: int = 0) -> Iterator[list[Item]]:
    """Yield items in lists that fit into one request, without the first ``skip``."""
    chunk: list[Item] = []
    size = 0
    for position, item in enumerate(items):
        if position < skip:
            continue
        if chunk and (len(chunk) == ITEMS_MAX or size + len(item) > CHUNK_BYTES_MAX):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item)
    if chunk:
        yield chunk
