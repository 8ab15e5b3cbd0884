"""`idnode import`: register what `idnode export` wrote."""

from pathlib import Path
from typing import Annotated

import typer

from idnode.node.commands.admin_value import NoAdmin
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, http_client
from idnode.node.commands.batch import Skip
from idnode.node.commands.item_files import FileForm
from idnode.node.commands.loading import Loading


def run(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help='File of `idnode export`; "-" is standard input.')
    ],
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace older records.")] = False,
    no_admin: NoAdmin = False,
    skip: Skip = 0,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Register the identifiers of an exported file; records that exist already are kept."""
    with http_client(server, admin, secret, ca_file) as client:
        loading = Loading(client, FileForm.NDJSON, overwrite=overwrite, owned=not no_admin)
        loading.run(file, skip=skip)
