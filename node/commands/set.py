"""`idnode set`: add values to an identifier, or replace them."""

from typing import Annotated

import typer

from idnode.node.commands.administering import Face, Transport, administered
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, credential_of
from idnode.node.commands.register import values_of


def run(
    handle: Annotated[
        str, typer.Argument(metavar="HANDLE", help="Identifier, as in 88.900.1/hello.")
    ],
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="INDEX:TYPE=DATA...",
            help="Values, as in 7:DESC=gear; what stands at an index is replaced.",
        ),
    ],
    *,
    transport: Transport = Face.HTTP,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Add values to an identifier, or replace those at the same indexes."""
    record = values_of(values)
    with administered(transport, server, credential_of(admin, secret), ca_file) as client:
        client.put_values(handle, record)
    typer.echo(f"{handle} changed")
