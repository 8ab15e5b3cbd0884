"""`idnode register`: create one identifier."""

import re
from typing import Annotated, Final

import typer

from idnode.node.commands.admin_value import NoAdmin, with_admin
from idnode.node.commands.administering import Face, Transport, administered
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, credential_of
from idnode.node.commands.failure import CommandFailed
from idnode.registry.handle.errors import InvalidValue
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_seckey import default_permissions

_VALUE: Final = re.compile(r"(?:(\d{1,10}):)?([^=]+)=(.*)", re.DOTALL)


def run(
    handle: Annotated[
        str, typer.Argument(metavar="HANDLE", help="Identifier, as in 88.900.1/hello.")
    ],
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="[INDEX:]TYPE=DATA...",
            help="Values, as in URL=https://example.org or 7:DESC=gear; without an index, the next one.",
        ),
    ],
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an older record.")
    ] = False,
    no_admin: NoAdmin = False,
    transport: Transport = Face.HTTP,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Register an identifier with its values, and an HS_ADMIN value for the administrators of its prefix."""
    record = values_of(values)
    if not no_admin:
        record = with_admin(handle, record)
    with administered(transport, server, credential_of(admin, secret), ca_file) as client:
        made, is_new = client.create(handle, record, overwrite=overwrite)
    typer.echo(f"{made} {'registered' if is_new else 'replaced'}")


def values_of(texts: list[str]) -> list[HandleValue]:
    """Return the values that the arguments spell.

    Raises:
        CommandFailed: An argument is no value.

    """
    found: list[HandleValue] = []
    index = 0
    for text in texts:
        match = _VALUE.fullmatch(text)
        if match is None:
            raise CommandFailed(f"{text!r}: expected TYPE=DATA, as in URL=https://example.org")
        index = int(match[1]) if match[1] else index + 1
        try:
            permissions = default_permissions(match[2].encode())
            found.append(HandleValue(index, match[2], match[3].encode(), permissions=permissions))
        except (InvalidValue, UnicodeEncodeError) as error:
            raise CommandFailed(f"{text!r}: {error}") from error
    return found
