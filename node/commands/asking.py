"""Names which node the client commands ask, and as whom: what the settings say, unless a flag says otherwise.

So a port that was changed in the environment or the file is changed for `idnode serve` and for
`idnode resolve` alike.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idnode.clients.errors import ClientError
from idnode.node import defaults
from idnode.node.addresses import WILDCARDS, url_of
from idnode.node.commands.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idnode.clients import web_blocking
    from idnode.clients.web_requests import Credential

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
    from idnode.clients import web_blocking  # noqa: PLC0415  # not needed to ask over UDP

    try:
        return web_blocking.Client(http_url(server), credential, ca_file=ca_file)
    except ValueError as error:
        raise CommandFailed(f"--server, --ca-file: {error}") from error


def credential_of(admin: str | None, secret: str | None) -> Credential:
    """Return who asks, and the secret: what the flags say, or else the node's administrator."""
    from idnode.clients.web_requests import Credential  # noqa: PLC0415  # as in `web_client`

    settings = _settings()
    index, _, handle = (admin or f"301:0.NA/{settings.prefix}").partition(":")
    if not index.isdigit() or not handle:
        raise CommandFailed(f"--admin {admin!r}: expected INDEX:HANDLE, as in 301:0.NA/88.900")
    return Credential(int(index), handle, secret or settings.secret)


@dataclass(frozen=True, slots=True)
class _Settings:
    """The settings that say which node is asked, and as whom."""

    host: str = defaults.HOST
    handle_port: int = defaults.HANDLE_PORT
    http_port: int = defaults.HTTP_PORT
    prefix: str = defaults.PREFIX
    secret: str = defaults.DEMO_SECRET


def _settings() -> _Settings:
    """Return what the settings say; the table itself is only read where something is set.

    Importing it takes several times as long as asking.
    """
    if defaults.nothing_is_set():
        return _Settings()
    from idnode.node.settings import load  # noqa: PLC0415  # see above

    found = load({}).settings
    secret = found.secret.get_secret_value()
    return _Settings(found.host, found.handle_port, found.http_port, found.prefix, secret)


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
