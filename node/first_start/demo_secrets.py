"""Refuses to offer secrets that everybody knows to a network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from idnode.node.defaults import DEMO_SECRET, SettingsRefused
from idnode.node.first_start.prefixes import ENTERPRISE_SUFFIX, SECRET_KEY_INDEX
from idnode.node.service.errors import AuthenticationFailed
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.fetching import fetched
from idnode.registry.handle.names import prefix_handle

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


async def refuse_demo_secret(settings: Settings, credentials: Credentials) -> None:
    """Refuse a node whose own or demo prefix has the secret that everybody knows.

    Raises:
        SettingsRefused: One of them has.

    """
    prefix = settings.prefix.encode()
    for each in (prefix, prefix + ENTERPRISE_SUFFIX):
        if await demo_secret_works(credentials, each):
            raise SettingsRefused(
                f"refusing to bind to {settings.host}: the demo secret still works for a "
                f"prefix in {settings.data_dir}; change it over loopback first"
            )
