"""`idnode settings`: every effective setting and where it came from."""

from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from idnode.node.locales import language
from idnode.node.settings import Loaded
from idnode.node.settings_page import page


def run(
    loaded: Loaded,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    reference: Annotated[
        bool, typer.Option("--reference", help="Print the page of all settings (Markdown).")
    ] = False,
) -> None:
    """Print each effective setting and where it came from."""
    if reference:
        typer.echo(page(language()), nl=False)
        return
    rows = loaded.rows()
    if as_json:
        report = {name: {"value": value, "origin": origin} for name, value, origin in rows}
        typer.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
        return
    table = Table("setting", "value", "from", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(soft_wrap=True).print(table)
