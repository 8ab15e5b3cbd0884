"""`idnode import`: register what `idnode export`, Handle.Net or an EPIC service wrote."""

from pathlib import Path
from typing import Annotated

import typer

from idnode.clients.formats.record import Source
from idnode.node.commands.admin_value import NoAdmin
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, http_client
from idnode.node.commands.batch import HandleOfFile, Skip
from idnode.node.commands.item_files import FormatName, folder_of, opened, size_of
from idnode.node.commands.loading import Loading


def run(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help='Identifiers in any of the formats; "-" is standard input.'
        ),
    ],
    *,
    form: FormatName = None,
    handle: HandleOfFile = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace older records.")] = False,
    no_admin: NoAdmin = False,
    skip: Skip = 0,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Register the records of a file; its format is recognised and told. Existing records are kept."""
    with (
        opened(file, form) as (opened_file, found),
        http_client(server, admin, secret, ca_file) as client,
    ):
        source = Source(opened_file, folder_of(file), handle)
        loading = Loading(client, found, overwrite=overwrite, owned=not no_admin)
        loading.run(source, size_of(file), skip=skip)
