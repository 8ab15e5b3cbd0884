"""`idnode delete`: delete an identifier, or some of its values."""

from typing import Annotated

import typer

from idnode.node.commands.administering import Face, Transport, administered
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, credential_of


def run(
    handle: Annotated[
        str, typer.Argument(metavar="HANDLE", help="Identifier, as in 88.900.1/hello.")
    ],
    *,
    index: Annotated[
        list[int] | None,
        typer.Option(metavar="N", min=1, help="Delete only the value at this index; repeatable."),
    ] = None,
    transport: Transport = Face.HTTP,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Delete an identifier, or some of its values."""
    with administered(transport, server, credential_of(admin, secret), ca_file) as client:
        if index:
            client.delete_values(handle, index)
        else:
            client.delete(handle)
    typer.echo(f"{handle} {'changed' if index else 'deleted'}")
