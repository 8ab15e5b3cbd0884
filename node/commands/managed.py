"""Asking the management port of a running node: which one, and what it answers."""

import http.client
import json
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from idnode.node.addresses import url_of
from idnode.node.commands.failure import CommandFailed
from idnode.node.settings import load

Admin = Annotated[
    str | None,
    typer.Option("--admin", metavar="URL", help="Management URL [default: what the settings say]."),
]


def management_url(admin: str | None) -> str:
    """Return where the management port of the node is, unless a flag says otherwise."""
    settings = load({}).settings
    return admin or url_of((settings.host, settings.admin_port))


def ask(admin: str | None, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return what a call answers.

    Raises:
        CommandFailed: No node answers there, or it refuses.

    """
    url = management_url(admin)
    address = urlsplit(url)
    if address.scheme != "http" or address.hostname is None:
        raise CommandFailed(f"{url!r} is no http URL")
    connection = http.client.HTTPConnection(address.hostname, address.port or 80)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(
            method,
            address.path.rstrip("/") + path,
            None if body is None else json.dumps(body),
            headers,
        )
        response = connection.getresponse()
        found = json.loads(response.read())
    except OSError as error:
        raise CommandFailed(f"no node answers at {url}: {error}") from error
    except (ValueError, http.client.HTTPException) as error:
        raise CommandFailed(f"{url} is not the management address of a node") from error
    finally:
        connection.close()
    if response.status >= http.HTTPStatus.BAD_REQUEST:
        raise CommandFailed(str(found.get("message", response.reason)))
    return found
