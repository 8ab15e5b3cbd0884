"""`idnode review`: decide what enterprises have applied for."""

from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from idnode.node.commands.managed import Admin, ask

group = typer.Typer(help="Decide what enterprises have applied for.", no_args_is_help=True)

Prefix = Annotated[str, typer.Argument(metavar="PREFIX", help="Whose application.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why.")]


@group.command("list")
def list_(*, admin: Admin = None) -> None:
    """List applications that wait: of an enterprise for its prefix, or of a prefix for hosting."""
    found = ask(admin, "GET", "/api/v1/reviews?size=1000")
    table = Table("prefix", "enterprise", "waits for")
    for row in found["items"]:
        wanted = "hosting" if row["status_name"] == "enabled" else row["status_name"]
        table.add_row(row["prefix"], row["enterprise"], wanted)
    Console().print(table)
    typer.echo(f"{found['total']} applications wait")


@group.command()
def approve(prefix: Prefix, *, reason: Reason = "", admin: Admin = None) -> None:
    """Approve what waits for this prefix."""
    _decide(admin, prefix, "approve", reason)


@group.command()
def reject(prefix: Prefix, *, reason: Reason = "", admin: Admin = None) -> None:
    """Reject what waits for this prefix."""
    _decide(admin, prefix, "reject", reason)


def _decide(admin: str | None, prefix: str, verdict: str, reason: str) -> None:
    path = f"/api/v1/reviews/{quote(prefix, safe='')}/{verdict}"
    found = ask(admin, "POST", path, {"reason": reason})
    typer.echo(f"{found['prefix']}: {found['status_name']}, {found['proxy_state_name']}")
