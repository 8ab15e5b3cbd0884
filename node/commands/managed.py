"""Asking the management port of a running node: which one, with which token, and what it answers."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

import typer

from idnode.node.addresses import url_of
from idnode.node.commands.failure import CommandFailed

Admin = Annotated[
    str | None,
    typer.Option(
        "--admin",
        metavar="URL",
        help="Management URL, also http://:TOKEN@HOST:PORT [default: what the settings say].",
    ),
]


def management_url(admin: str | None) -> str:
    """Return where the management port of the node is, unless a flag says otherwise."""
    from idnode.node.settings import load  # noqa: PLC0415  # its table takes long to make

    settings = load({}).settings
    return admin or url_of((settings.admin_host, settings.admin_port))


@contextmanager
def answer_to(
    admin: str | None, method: str, path: str, body: bytes | None = None
) -> Iterator[http.client.HTTPResponse]:
    """Send a request with the token of the URL or else of the settings, and yield what comes back, to be read.

    Raises:
        CommandFailed: That is no URL, or nobody answers there.
        SettingsRefused: The token cannot be read.

    """
    from idnode.node.management_token import token_of  # noqa: PLC0415  # reads settings, too
    from idnode.node.settings import load  # noqa: PLC0415

    url = management_url(admin)
    address = urlsplit(url)
    if address.scheme != "http" or address.hostname is None:
        raise CommandFailed(f"{url!r} is no http URL")
    headers = {"Content-Type": "application/json"}
    token = unquote(address.password or "") or token_of(load({}).settings)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    shown = url.replace(address.netloc, address.netloc.rpartition("@")[2], 1)
    connection = http.client.HTTPConnection(address.hostname, address.port or 80)
    try:
        connection.request(method, address.path.rstrip("/") + path, body, headers)
        yield connection.getresponse()
    except OSError as error:
        raise CommandFailed(f"no node answers at {shown}: {error}") from error
    except (ValueError, http.client.HTTPException) as error:
        raise CommandFailed(f"{shown} is not the management address of a node") from error
    finally:
        connection.close()


def ask(admin: str | None, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return what a call answers.

    Raises:
        CommandFailed: No node answers there, or it refuses.

    """
    content = None if body is None else json.dumps(body).encode()
    with answer_to(admin, method, path, content) as response:
        found = json.loads(response.read())
    if response.status >= http.HTTPStatus.BAD_REQUEST:
        raise CommandFailed(str(found.get("message", response.reason)))
    return found
