"""`idnode batch`: register every identifier of a file, or carry out a batch file of Handle.Net."""

from pathlib import Path
from typing import Annotated

import typer

from idnode.clients.formats.batch_file import BATCH
from idnode.clients.formats.record import Source
from idnode.node.commands.admin_value import NoAdmin
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, credential_of, http_client
from idnode.node.commands.item_files import FormatName, folder_of, opened, size_of
from idnode.node.commands.loading import Loading
from idnode.node.commands.operating import operate

Skip = Annotated[
    int, typer.Option(metavar="N", min=0, help="Leave out so many items, to go on after a failure.")
]
HandleOfFile = Annotated[
    str | None,
    typer.Option("--handle", metavar="HANDLE", help="Handle of a record that does not name it."),
]


def run(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Identifiers in any of the formats, or operations of Handle.Net's batch files; "
            '"-" is standard input.',
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
    """Register the identifiers of a file; exit code 1 when some were refused.

    A batch file of Handle.Net goes over the Handle protocol, so --server is the Handle port then.
    """
    with opened(file, form) as (opened_file, found):
        source = Source(opened_file, folder_of(file), handle)
        if found is BATCH:
            credential = credential_of(admin, secret)
            operate(source, server, credential, overwrite=overwrite, skip=skip, size=size_of(file))
            return
        with http_client(server, admin, secret, ca_file) as client:
            loading = Loading(client, found, overwrite, owned=not no_admin)
            loading.run(source, size_of(file), skip=skip)
