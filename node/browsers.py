"""Keeps pages of others out of a node's HTTP and management ports, as the settings say."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from idnode.node.demo_secrets import demo_secrets_work
from idnode.node.exposure import is_loopback
from idnode.node.faces.http.access import Access
from idnode.node.management_token import token_of
from idnode.node.ops.management import loopback_only, token_only

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.service.identifiers.credentials import Credentials
    from idnode.node.settings import Settings


def _listed(text: str) -> frozenset[str]:
    """Return the items of a list with commas."""
    return frozenset(item.strip() for item in text.split(",") if item.strip())


def access_of(settings: Settings, credentials: Credentials) -> Access:
    """Return what is asked of each request to an HTTP face."""
    return Access(
        is_loopback(settings.host),
        _listed(settings.host_names.lower()),
        _listed(settings.cors_origins),
        partial(demo_secrets_work, settings, credentials),
    )


def plain_hosts(settings: Settings) -> frozenset[bytes] | None:
    """Return the names of hosts that requests to an HTTP face usually carry, None if any name is taken."""
    if not is_loopback(settings.host):
        return None
    names = {"localhost", "127.0.0.1", "[::1]", *_listed(settings.host_names.lower())}
    return frozenset(name.encode() for name in names)


def fenced(app: web.Application, settings: Settings) -> web.Application:
    """Return the management app, which asks for its token and on loopback takes only requests that name loopback.

    Raises:
        SettingsRefused: The token cannot be read.

    """
    if is_loopback(settings.admin_host):
        app.middlewares.append(loopback_only(_listed(settings.host_names.lower())))
    token = token_of(settings)
    if token is not None:
        app.middlewares.append(token_only(token))
    return app
