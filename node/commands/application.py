"""`idnode application`: identities of an enterprise's applications, which the IDHub API challenges, and groups of them."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from idnode.node.commands.admin_value import with_admin
from idnode.node.commands.administering import Face, administered
from idnode.node.commands.asking import Admin, CaFile, Secret, Server, credential_of
from idnode.node.commands.failure import CommandFailed
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_vlist import Member, encode_vlist

KEY_BITS: Final = 2048
NAME_INDEX: Final = 1
GROUP_INDEX: Final = 200
KEY_INDEX: Final = 300
USAGE_EXIT_CODE: Final = 2

group = typer.Typer(
    help="Make identities of applications, for the IDHub API, and groups of them.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Option(metavar="TEXT", help="What lists call it [default: its id].")]


@group.command()
def add(
    handle: Annotated[
        str, typer.Argument(metavar="HANDLE", help="Identity, as in 88.900.1/App_demo.")
    ],
    *,
    key: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="Private key: PKCS#8 PEM, made if the file is not there."
        ),
    ],
    name: Name = "",
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Register an application identity with the public key of a key file."""
    _insist_on(handle, "App_")
    public = _public_key(key)
    values = [*_named(name), HandleValue(KEY_INDEX, "HS_PUBKEY", public)]
    with administered(Face.HTTP, server, credential_of(admin, secret), ca_file) as client:
        made, _is_new = client.create(handle, with_admin(handle, values), overwrite=False)
    typer.echo(f"{made} registered; it signs challenges with {key}")


@group.command("group")
def group_(
    handle: Annotated[
        str, typer.Argument(metavar="HANDLE", help="Group, as in 88.900.1/Group_qa.")
    ],
    members: Annotated[
        list[str], typer.Argument(metavar="APPLICATION...", help="Identities in the group.")
    ],
    *,
    name: Name = "",
    admin: Admin = None,
    secret: Secret = None,
    server: Server = None,
    ca_file: CaFile = None,
) -> None:
    """Register a group of applications, or put other members into it."""
    _insist_on(handle, "Group_")
    for member in members:
        _insist_on(member, "App_")
    listed = encode_vlist(Member(member.encode(), KEY_INDEX) for member in members)
    values = [*_named(name), HandleValue(GROUP_INDEX, "HS_VLIST", listed)]
    with administered(Face.HTTP, server, credential_of(admin, secret), ca_file) as client:
        made, is_new = client.create(handle, with_admin(handle, values), overwrite=True)
    typer.echo(f"{made} {'registered' if is_new else 'replaced'}: {', '.join(members)}")


def _insist_on(handle: str, start: str) -> None:
    prefix, slash, suffix = handle.partition("/")
    if not (prefix and slash and suffix.startswith(start) and len(suffix) > len(start)):
        raise CommandFailed(
            f"{handle}: expected PREFIX/{start}ID, as in 88.900.1/{start}demo",
            exit_code=USAGE_EXIT_CODE,
        )


def _named(name: str) -> list[HandleValue]:
    return [HandleValue(NAME_INDEX, "NAME", name.encode())] if name else []


def _public_key(path: Path) -> bytes:
    """Return the public key of a private key file as PEM text; the file is made if it is not there."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # takes long to import
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    try:
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        made = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        pem = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        found = made
    except (ValueError, TypeError) as error:
        raise CommandFailed(f"{path}: no unencrypted private key in PEM: {error}") from error
    if not isinstance(found, rsa.RSAPrivateKey):
        raise CommandFailed(f"{path}: no RSA key, which the IDHub API needs")
    return found.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
