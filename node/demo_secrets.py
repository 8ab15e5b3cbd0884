"""Refuses to offer secrets that everybody knows to a network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from idnode.node.defaults import DEMO_SECRET, SettingsRefused
from idnode.node.first_start.prefixes import ENTERPRISE_SUFFIX
from idnode.node.service.errors import AuthenticationFailed
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.fetching import fetched
from idnode.registry.handle.names import prefix_handle
from idnode.registry.handle.prefix_record import SECRET_KEY_INDEX

if TYPE_CHECKING:
    from idnode.node.service.identifiers.credentials import Credentials
    from idnode.node.settings import Settings


async def demo_secret_works(credentials: Credentials, prefix: bytes) -> bool:
    """Return whether the secret that everybody knows proves the administrator of a prefix."""
    identity = Identity(prefix_handle(prefix), SECRET_KEY_INDEX)
    try:
        await fetched(partial(credentials.verify_secret, identity, DEMO_SECRET.encode()))
    except AuthenticationFailed:
        return False
    return True


async def demo_secrets_work(settings: Settings, credentials: Credentials) -> bool:
    """Return whether the node's own prefix or that of the demo enterprise has the secret that everybody knows."""
    prefix = settings.prefix.encode()
    return await demo_secret_works(credentials, prefix) or await demo_secret_works(
        credentials, prefix + ENTERPRISE_SUFFIX
    )


async def refuse_demo_secret(settings: Settings, credentials: Credentials) -> None:
    """Refuse a node whose own or demo prefix has the secret that everybody knows.

    Raises:
        SettingsRefused: One of them has.

    """
    if await demo_secrets_work(settings, credentials):
        raise SettingsRefused(
            f"refusing to bind to {settings.host}: the demo secret still works for a "
            f"prefix in {settings.data_dir}; change it over loopback first"
        )
