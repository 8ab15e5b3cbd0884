"""`idnode show`: one entry of a node's journal, with its bytes decoded field by field."""

import json
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console

from idnode.node.commands.journal_lines import tree_of
from idnode.node.commands.managed import Admin, ask
from idnode.node.commands.spoken import Lang, spoken


def run(
    entry: Annotated[
        str, typer.Argument(metavar="ID", help="Number or request id, as `idnode tail` shows them.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The whole entry as JSON.")] = False,
    lang: Lang = None,
    admin: Admin = None,
) -> None:
    """Show a request, its answer, and why it was refused."""
    speak = spoken(lang)
    found = ask(admin, "GET", f"/api/v1/journal/{quote(entry, safe='')}")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        Console(soft_wrap=True).print(tree_of(found, speak))
