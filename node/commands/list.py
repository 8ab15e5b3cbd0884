"""`idnode list`: the identifiers of a prefix, one a line."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from idnode.clients import blocking
from idnode.clients.tracing.place import every_place
from idnode.node.commands.administering import Face, Transport, administered
from idnode.node.commands.asking import (
    Admin,
    CaFile,
    Secret,
    Server,
    credential_of,
    handle_server,
    in_one_line,
)
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
    every_server: Annotated[
        bool,
        typer.Option("--every-server", help="Ask each server of the prefix's site, over TCP."),
    ] = False,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """List the identifiers of a prefix, one a line; what is not printable is escaped, a backslash doubled."""
    if every_server:
        for handle in islice(_of_every_server(prefix, server, admin, secret), limit):
            typer.echo(unmistakable(handle))
        return
    with administered(transport, server, credential_of(admin, secret), ca_file) as client:
        for handle in islice(client.handles(prefix), limit):
            typer.echo(unmistakable(handle))


def _of_every_server(
    prefix: str, server: str | None, admin: str | None, secret: str | None
) -> Iterator[str]:
    """Yield the identifiers that each server of a prefix's site has."""
    with in_one_line():
        with blocking.Client(handle_server(server)) as client:
            answer = client.resolve(f"0.NA/{prefix}", types=("HS_SITE",), follow=True)
        for place in every_place(answer.values):
            with administered(
                Face.TCP, str(place), credential_of(admin, secret), None
            ) as administrator:
                yield from administrator.handles(prefix)
