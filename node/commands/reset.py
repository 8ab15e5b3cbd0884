"""`idnode reset`: return a running node to the state of its first start, or to a named one."""

from typing import Annotated

import typer

from idnode.node.commands.managed import Admin, ask


def run(
    *,
    state: Annotated[
        str, typer.Option(metavar="NAME", help="State to return to [default: the first start's].")
    ] = "",
    admin: Admin = None,
) -> None:
    """Return a node to the state of its first start, or to a named one; it needs --allow-reset."""
    found = ask(admin, "POST", "/api/v1/reset", {"state": state} if state else {})
    typer.echo(f"reset in {found['milliseconds']:g} ms")
