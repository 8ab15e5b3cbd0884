"""`idnode list`: the identifiers of a prefix, one a line."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from clients import web_blocking
from clients.bulk_listing import Listed, listing
from node.commands.asking import Admin, Secret, Server, http_client, in_one_line


def run(
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="Prefix, as in 88.900.1.")],
    *,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Stop after so many.")
    ] = None,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
) -> None:
    """List the identifiers of a prefix, one a line."""
    with in_one_line(), http_client(server, admin, secret) as client:
        handles = (handle for page in pages(client, prefix) for handle in page.handles)
        for handle in islice(handles, limit):
            typer.echo(handle)


def pages(client: web_blocking.Client, prefix: str) -> Iterator[Listed]:
    """Yield the identifiers of a prefix page by page."""
    after: str | None = ""
    while after is not None:
        page = client.do(listing(prefix, after=after))
        after = page.after
        yield page
