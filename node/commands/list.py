"""`idnode list`: the identifiers of a prefix, one a line."""

from itertools import islice
from typing import Annotated

import typer

from idnode.node.commands.administering import Face, Transport, administered
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, credential_of
from idnode.registry.handle.printing import unmistakable


def run(
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="Prefix, as in 88.900.1.")],
    *,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Stop after so many.")
    ] = None,
    transport: Transport = Face.HTTP,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """List the identifiers of a prefix, one a line; what is not printable is escaped, a backslash doubled."""
    with administered(transport, server, credential_of(admin, secret), ca_file) as client:
        for handle in islice(client.handles(prefix), limit):
            typer.echo(unmistakable(handle))
