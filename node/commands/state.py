"""`idnode state`: keep what a running node is under a name, and return to it."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from idnode.node.commands.managed import Admin, ask

group = typer.Typer(
    help="Keep states of a node and return to them; it needs --allow-reset.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the state.")]


@group.command()
def save(name: Name, *, admin: Admin = None) -> None:
    """Keep the present state."""
    found = ask(admin, "POST", _path(name), {})
    typer.echo(f"{found['name']}: {found['identifiers']} identifiers")


@group.command()
def load(name: Name, *, admin: Admin = None) -> None:
    """Return to a state."""
    found = ask(admin, "POST", _path(name) + "/load", {})
    typer.echo(f"{name}: loaded in {found['milliseconds']:g} ms")


@group.command("list")
def list_(*, admin: Admin = None) -> None:
    """List the states, oldest first."""
    table = Table("name", "kept", "identifiers")
    for row in ask(admin, "GET", "/api/v1/states")["items"]:
        kept = datetime.fromtimestamp(row["created"], UTC).isoformat()
        table.add_row(row["name"], kept, str(row["identifiers"]))
    Console().print(table)


@group.command()
def delete(name: Name, *, admin: Admin = None) -> None:
    """Forget a state."""
    ask(admin, "DELETE", _path(name), {})
    typer.echo(f"{name}: deleted")


def _path(name: str) -> str:
    return f"/api/v1/states/{quote(name, safe='')}"
