"""`idnode tail`: the latest entries of a node's journal, one a line, and new ones as they come."""

import http.client
import json
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.console import Console

from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.journal_lines import line_of
from idnode.node.commands.managed import Admin, answer_to, ask
from idnode.node.commands.spoken import Lang, spoken


def run(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, help="How many to begin with.")
    ] = 20,
    face: Annotated[str | None, typer.Option(help="Only of this face.")] = None,
    code: Annotated[int | None, typer.Option(help="Only with this response code.")] = None,
    status: Annotated[int | None, typer.Option(help="Only with this HTTP status.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Only of this prefix.")] = None,
    who: Annotated[str | None, typer.Option(help="Only of this identity or account.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only that broke this rule.")] = None,
    text: Annotated[str | None, typer.Option(help="Only with this text somewhere.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False,
    lang: Lang = None,
    admin: Admin = None,
) -> None:
    """Show what was refused lately, and why; with -f as it comes."""
    speak = spoken(lang)
    console = Console(soft_wrap=True)

    def show(entry: dict[str, Any]) -> None:
        if as_json:
            typer.echo(json.dumps(entry, ensure_ascii=False))
        else:
            console.print(line_of(entry, speak))

    asked = {
        "face": face,
        "code": code,
        "status": status,
        "prefix": prefix,
        "who": who,
        "rule": rule,
        "text": text,
    }
    wanted = {name: value for name, value in asked.items() if value is not None}
    page = ask(admin, "GET", f"/api/v1/journal?{urlencode(wanted | {'limit': lines})}")
    for entry in reversed(page["items"]):
        show(entry)
    if page["mode"] == "off":
        typer.echo("idnode: the journal is off: see --journal", err=True)
    if not follow:
        return
    for entry in _stream(admin, wanted | {"after": page["last"]}):
        show(entry)


def _stream(admin: str | None, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield entries from the live stream until it ends."""
    with answer_to(admin, "GET", f"/api/v1/journal/stream?{urlencode(asked)}") as response:
        if response.status != http.HTTPStatus.OK:
            raise CommandFailed(str(json.loads(response.read()).get("message", response.reason)))
        for line in response:
            if line.startswith(b"data: "):
                yield json.loads(line[len(b"data: ") :])
