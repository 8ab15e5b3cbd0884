"""`idnode fixtures`: give a running node what files say, or write down what it has."""

import http.client
import sys
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import orjson
import typer

from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.managed import Admin, answer_to, ask

group = typer.Typer(
    help="Give a node enterprises, prefixes, accounts, templates, identifiers and faults from files.",
    no_args_is_help=True,
)

_PATH: Final = "/api/v1/fixtures"
_CHUNK_BYTES: Final = 1 << 20


@group.command()
def apply(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="TOML, JSON or NDJSON, by their endings."),
    ],
    *,
    admin: Admin = None,
) -> None:
    """Have a node be as files say; what it has already is left alone."""
    try:
        given = [{"name": str(path), "text": path.read_text(encoding="utf-8")} for path in files]
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(str(error)) from error
    found = ask(admin, "POST", _PATH, {"files": given})
    for kind, counts in found.items():
        if kind != "changed" and any(counts.values()):
            told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
            typer.echo(f"{kind}: {told}")
    if not found["changed"]:
        typer.echo("nothing changed: all of it was there")


@group.command()
def dump(
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="PREFIX", help="Only what is of this prefix.")
    ] = "",
    *,
    admin: Admin = None,
) -> None:
    """Write what a node has as NDJSON, without secrets, to be applied elsewhere or again."""
    with answer_to(admin, "GET", f"{_PATH}?prefix={quote(prefix, safe='')}") as response:
        if response.status != http.HTTPStatus.OK:
            raise CommandFailed(_message(response.read()) or response.reason)
        while chunk := response.read(_CHUNK_BYTES):
            sys.stdout.buffer.write(chunk)


@group.command()
def schema() -> None:
    """Print the JSON Schema of a fixture file, for editors."""
    from idnode.node.fixtures.models import schema as found  # noqa: PLC0415  # a second of its own

    typer.echo(orjson.dumps(found(), option=orjson.OPT_INDENT_2).decode())


def _message(body: bytes) -> Any:
    try:
        return orjson.loads(body).get("message")
    except (ValueError, AttributeError):
        return None
