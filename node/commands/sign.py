"""`idnode sign`: sign the values of an identifier, so that others can verify them."""

from pathlib import Path
from typing import Annotated

import typer

from idnode.node.commands.asking import Admin, CaFile, Secret, Server, http_client, in_one_line
from idnode.node.commands.certifying import key_in_file
from idnode.registry.handle.certification.claims import (
    SIGNATURE_INDEX,
    SIGNATURE_TYPE,
    Signer,
    Term,
    sign_record,
)
from idnode.registry.handle.certification.keys import read_signing_key
from idnode.registry.handle.clock import SystemClock
from idnode.registry.handle.crypto.sm2_private import Sm2PrivateKey
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack

_DAY_SECONDS = 86_400


def run(
    handle: Annotated[
        str, typer.Argument(metavar="HANDLE", help="Identifier, as in 88.900.1/cup.")
    ],
    *,
    key: Annotated[
        Path,
        typer.Option(metavar="FILE", help="PEM file with the private key: RSA, or SM2 with SM3."),
    ],
    issuer: Annotated[
        str,
        typer.Option(metavar="INDEX:HANDLE", help="Whose key it is, as its certificate says."),
    ],
    days: Annotated[int, typer.Option(metavar="N", min=1, help="How long it holds.")] = 365,
    index: Annotated[
        int, typer.Option(metavar="N", min=1, help="Index of the HS_SIGNATURE value.")
    ] = SIGNATURE_INDEX,
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Sign every value of an identifier that everybody may read, and add the signature to it."""
    signer_key, now = key_in_file("--key", key, read_signing_key), SystemClock().now()
    with in_one_line(), http_client(server, admin, secret, ca_file) as client:
        values = [
            value
            for value in client.get(handle).values
            if value.type.upper().encode() != SIGNATURE_TYPE and value.permissions & 2
        ]
        algorithm = "SM3" if isinstance(signer_key, Sm2PrivateKey) else "SHA-256"
        term = Term(now, now + days * _DAY_SECONDS)
        data = sign_record(
            handle.encode(), pack(values), Signer(issuer, signer_key, term), algorithm=algorithm
        )
        client.put_values(handle, [HandleValue(index, "HS_SIGNATURE", data)])
    typer.echo(f"{handle}: {len(values)} values signed by {issuer}, at index {index}")
