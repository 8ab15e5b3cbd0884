"""`idnode export`: every identifier of a prefix as NDJSON, in the form that `idnode import` takes back."""

import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Final

import orjson
import typer

from idnode.clients.answer import Answer
from idnode.clients.bulk import is_plain
from idnode.clients.json_values import to_json
from idnode.node.commands.administering import pages
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, http_client, in_one_line
from idnode.node.commands.progress import item_progress
from idnode.registry.handle.model import HandleValue

STANDARD_OUTPUT: Final = Path("-")


def run(
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="Prefix, as in 88.900.1.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help='File to write; "-" is standard output.')
    ],
    *,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Write every identifier of a prefix to a file, one a line: all that the administrator may read."""
    written = 0
    with (
        _opened(file) as out,
        http_client(server, admin, secret, ca_file) as client,
        in_one_line(),
        item_progress("exporting") as progress,
    ):
        for page in pages(client, prefix):
            answers = client.resolve_many(page.handles, restricted=True)
            lines = [_line(answer) for answer in answers if answer.succeeded]
            out.writelines(lines)
            written += len(lines)
            progress(written, page.total)
    typer.echo(f"{written} identifiers of {prefix} exported", err=file == STANDARD_OUTPUT)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with path.open("wb") as file:
        yield file


def _line(answer: Answer) -> bytes:
    """Return one line: an item of a batch, or an object where an item cannot say it (permissions, references)."""
    handle = answer.handle.decode()
    if all(map(is_plain, answer.values)):
        return orjson.dumps([handle, [_value(value) for value in answer.values]]) + b"\n"
    return orjson.dumps({"handle": handle, "values": list(map(to_json, answer.values))}) + b"\n"


def _value(value: HandleValue) -> list[Any]:
    try:
        data: Any = value.data.decode()
    except UnicodeDecodeError:
        data = {"base64": b64encode(value.data).decode()}
    return [value.index, value.type, data, value.ttl]
