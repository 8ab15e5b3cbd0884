"""`idnode snapshot`: have a running node copy its register, consistent and checksummed."""

from typing import Annotated

import typer
from rich.console import Console

from idnode.node.commands.managed import Admin, ask


def run(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the snapshot: letters, digits, - _ .")
    ],
    *,
    admin: Admin = None,
) -> None:
    """Copy the register of a running node into DATA_DIR/snapshots/NAME, while it goes on working."""
    with Console(stderr=True).status("copying"):
        report = ask(admin, "POST", "/api/v1/snapshots", {"name": name})
    typer.echo(f"{report['path']}: {report['bytes']} bytes in {report['files']} files")
