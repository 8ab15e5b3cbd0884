"""`idnode snapshot`: have a running node copy its register, consistent and checksummed."""

import http.client
import json
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console

from idnode.node.addresses import url_of
from idnode.node.commands.failure import CommandFailed
from idnode.node.settings import load


def run(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the snapshot: letters, digits, - _ .")
    ],
    *,
    admin: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Management URL [default: what the settings say]."),
    ] = None,
) -> None:
    """Copy the register of a running node into DATA_DIR/snapshots/NAME, while it goes on working."""
    settings = load({}).settings
    url = admin or url_of((settings.host, settings.admin_port))
    console = Console(stderr=True)
    with console.status("copying"):
        report = _asked(url, name)
    typer.echo(f"{report['path']}: {report['bytes']} bytes in {report['files']} files")


def _asked(url: str, name: str) -> dict[str, Any]:
    address = urlsplit(url)
    if address.scheme != "http" or address.hostname is None:
        raise CommandFailed(f"{url!r} is no http URL")
    connection = http.client.HTTPConnection(address.hostname, address.port or 80)
    try:
        body = json.dumps({"name": name})
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v1/snapshots", body, headers)
        response = connection.getresponse()
        found = json.loads(response.read())
    except OSError as error:
        raise CommandFailed(f"no node answers at {url}: {error}") from error
    except (ValueError, http.client.HTTPException) as error:
        raise CommandFailed(f"{url} is not the management address of a node") from error
    finally:
        connection.close()
    if response.status != http.HTTPStatus.CREATED or not isinstance(found, dict):
        raise CommandFailed(f"no snapshot: {found.get('message', response.reason)}")
    return found
