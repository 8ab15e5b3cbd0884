"""`idnode batch`: register every identifier of a file."""

from pathlib import Path
from typing import Annotated

import typer

from idnode.node.commands.admin_value import NoAdmin
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, http_client
from idnode.node.commands.item_files import FileForm, form_of
from idnode.node.commands.loading import Loading

Skip = Annotated[
    int, typer.Option(metavar="N", min=0, help="Leave out so many items, to go on after a failure.")
]


def run(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help='Items [handle, [[index, type, data(, ttl)], ...]]: NDJSON has one a line; "-" is '
            "standard input.",
        ),
    ],
    *,
    form: Annotated[
        FileForm | None,
        typer.Option("--format", help="[default: what the file's name tells, else ndjson]"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace older records.")] = False,
    no_admin: NoAdmin = False,
    skip: Skip = 0,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Register the identifiers of a file; exit code 1 when some were refused."""
    with http_client(server, admin, secret, ca_file) as client:
        loading = Loading(client, form_of(file, form), overwrite, owned=not no_admin)
        loading.run(file, skip=skip)
