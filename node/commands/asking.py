"""Which node the client commands ask, and as whom: what the settings say, unless a flag says otherwise.

So a port that was changed in the environment or the file is changed for `idnode serve` and for
`idnode resolve` alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from idnode.clients import web_blocking
from idnode.clients.errors import ClientError
from idnode.clients.web_requests import Credential
from idnode.node.addresses import WILDCARDS, url_of
from idnode.node.commands.failure import CommandFailed
from idnode.node.settings import Settings, load

Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        help="Node to ask, over HTTP also https://HOST:PORT [default: what the settings say].",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        metavar="FILE",
        help="PEM file with the certificate to trust over https:// [default: the system's].",
    ),
]
Admin = Annotated[
    str | None,
    typer.Option(
        "--admin", metavar="INDEX:HANDLE", help="Who asks [default: the node's administrator]."
    ),
]
Secret = Annotated[
    str | None,
    typer.Option(
        "--secret", metavar="TEXT", help="Secret of who asks [default: the settings' secret]."
    ),
]


def handle_server(server: str | None) -> tuple[str, int]:
    """Return host and port of the Handle protocol."""
    if server is not None:
        return _host_and_port(server)
    settings = _settings()
    return WILDCARDS.get(settings.host, settings.host), settings.handle_port


def http_url(server: str | None) -> str:
    """Return the URL of the HTTP API."""
    if server is None:
        settings = _settings()
        return url_of((settings.host, settings.http_port))
    return server if "://" in server else url_of(_host_and_port(server))


def http_client(
    server: str | None, admin: str | None, secret: str | None, ca_file: Path | None = None
) -> web_blocking.Client:
    """Return a client of the HTTP API that says who asks."""
    return web_client(server, ca_file, credential_of(admin, secret))


def web_client(
    server: str | None, ca_file: Path | None, credential: Credential | None = None
) -> web_blocking.Client:
    """Return a client of the HTTP API.

    Raises:
        CommandFailed: The address or the file cannot be used.

    """
    try:
        return web_blocking.Client(http_url(server), credential, ca_file=ca_file)
    except ValueError as error:
        raise CommandFailed(f"--server, --ca-file: {error}") from error


def credential_of(admin: str | None, secret: str | None) -> Credential:
    """Return who asks, and the secret: what the flags say, or else the node's administrator."""
    settings = _settings()
    index, _, handle = (admin or f"301:0.NA/{settings.prefix}").partition(":")
    if not index.isdigit() or not handle:
        raise CommandFailed(f"--admin {admin!r}: expected INDEX:HANDLE, as in 301:0.NA/88.900")
    return Credential(int(index), handle, secret or settings.secret.get_secret_value())


def _settings() -> Settings:
    return load({}).settings


def _host_and_port(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise CommandFailed(f"--server {server!r}: expected HOST:PORT, as in 127.0.0.1:2641")
    return host.strip("[]"), int(port)


@contextmanager
def in_one_line() -> Iterator[Any]:
    """Turn whatever a client raises into a failure of the command."""
    try:
        yield
    except ClientError as error:
        raise CommandFailed(str(error)) from error
