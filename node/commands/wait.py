"""`idnode wait`: return once a node is ready, for scripts that start one."""

import http.client
import json
import time
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from idnode.node.addresses import url_of
from idnode.node.commands.failure import CommandFailed
from idnode.node.settings import load
from idnode.registry.handle.clock import SystemClock

POLL_SECONDS: Final = 0.05


def run(
    *,
    ready_file: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The node's ready file, which names its URL."),
    ] = None,
    admin: Annotated[
        str | None, typer.Option(metavar="URL", help="The node's management URL.")
    ] = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait.")] = 30.0,
) -> None:
    """Wait until a node is ready; exit code 1 when it is not in time."""
    if ready_file is None and admin is None:
        settings = load({}).settings
        ready_file = settings.ready_file
        admin = None if ready_file else url_of((settings.admin_host, settings.admin_port))
    clock = SystemClock()
    deadline = clock.elapsed() + timeout
    while not _ready(admin or _admin_of(ready_file)):
        if clock.elapsed() > deadline:
            asked = admin or f"the node of {ready_file}"
            raise CommandFailed(f"{asked} is not ready after {timeout:g} s")
        time.sleep(POLL_SECONDS)


def _admin_of(ready_file: Path | None) -> str | None:
    if ready_file is None:
        return None
    try:
        return str(json.loads(ready_file.read_bytes())["admin"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise CommandFailed(f"{ready_file} is no ready file") from error


def _ready(admin: str | None) -> bool:
    if admin is None:
        return False
    address = urlsplit(admin)
    if address.scheme != "http" or address.hostname is None:
        raise CommandFailed(f"{admin!r} is no http URL")
    connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
