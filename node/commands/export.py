"""`idnode export`: every identifier of a prefix in a file, in a format that `idnode import` takes back."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Final

import typer

from idnode.clients.formats.ndjson import NDJSON
from idnode.clients.formats.record import Record, Target, Unsayable
from idnode.clients.formats.table import FORMATS
from idnode.node.commands.administering import pages
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, http_client, in_one_line
from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.item_files import format_named
from idnode.node.commands.progress import item_progress

STANDARD_OUTPUT: Final = Path("-")

_WRITTEN: Final = tuple(name for name, each in FORMATS.items() if each.write is not None)


def run(
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="Prefix, as in 88.900.1.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help='File to write; "-" is standard output.')
    ],
    *,
    form: Annotated[
        str, typer.Option("--format", metavar="|".join(_WRITTEN), help="How to write the file.")
    ] = NDJSON.name,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Write every identifier of a prefix to a file: all that the administrator may read."""
    chosen = format_named(form)
    if chosen.write is None:
        able = ", ".join(_WRITTEN)
        raise CommandFailed(f"--format {form} is only read; written are {able}", exit_code=2)
    written = 0
    with (
        _opened(file) as out,
        http_client(server, admin, secret, ca_file) as client,
        in_one_line(),
        item_progress("exporting") as progress,
    ):

        def records() -> Iterator[Record]:
            nonlocal written
            for page in pages(client, prefix):
                for answer in client.resolve_many(page.handles, restricted=True):
                    if answer.succeeded:
                        written += 1
                        yield Record(answer.handle.decode(), answer.values)
                progress(written, page.total)

        try:
            out.writelines(chosen.write(records(), Target(_Beside(file).keep)))
        except Unsayable as error:
            raise CommandFailed(f"--format {form}: {error}; take ndjson") from error
    typer.echo(f"{written} identifiers of {prefix} exported", err=file == STANDARD_OUTPUT)


class _Beside:
    """Files beside an exported one, for data that its format has no form for."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._count = 0

    def keep(self, data: bytes) -> str:
        """Write the data, and return where from the exported file's folder."""
        if self._file == STANDARD_OUTPUT:
            raise Unsayable("data that is no text needs files beside, so export to a file")
        self._count += 1
        path = self._file.with_name(f"{self._file.name}.values") / str(self._count)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return f"{path.parent.name}/{path.name}"


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with path.open("wb") as file:
        yield file
