"""The node's site record: where clients are told that it is, and who it is."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from idnode.clients.tracing.place import NODE_ATTRIBUTE, ROLE_ATTRIBUTE
from idnode.node.addresses import WILDCARDS
from idnode.node.data_directory import KEYS
from idnode.node.first_start import key_pairs, prefixes

if TYPE_CHECKING:
    import socket

    from idnode.node.binding import HandleSockets
    from idnode.node.first_start.prefixes import NodeSite
    from idnode.node.settings import Settings
    from idnode.node.shared import Shared
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register

_log = logging.getLogger(__name__)


async def site_record(  # noqa: PLR0913, PLR0917  # called once, by the composition root
    settings: Settings,
    clock: Clock,
    register: Register,
    bound: HandleSockets,
    web: list[socket.socket],
    shared: Shared | None = None,
    make_key: key_pairs.Make = key_pairs.make,
) -> NodeSite:
    """Return the node's site record, which tells the addresses that are bound.

    Raises:
        KeyFileUnusable: A key file holds something else.
        RegistryError: The register took no writes.
        OSError: The keys cannot be read or written.

    """
    host, port = bound.address
    told = str(settings.site_address or WILDCARDS.get(host, host))
    if settings.site_address is None and host in WILDCARDS:
        _log.warning("clients are told that this node is at %s: set --site-address", told)
    http = web[0].getsockname()[1] if settings.site_http else None
    return await prefixes.prepare_prefixes(
        register,
        clock,
        keys=settings.data_dir / KEYS,
        prefix=settings.prefix.encode(),
        secret=settings.secret.get_secret_value().encode(),
        addresses=prefixes.Addresses(told, port, port, http, _attributes(settings)),
        keep_secret=settings.demo_secret,
        demo_enterprise=settings.demo_enterprise,
        join=None if shared is None else partial(shared.join, settings.name),
        make_key=make_key,
    )


def _attributes(settings: Settings) -> tuple[tuple[bytes, bytes], ...]:
    """Return the attributes of the site record, which say who this is if it has a name."""
    described = (b"desc", b"idnode")
    if not settings.name:
        return (described,)
    name, role = settings.name.encode(), settings.role.encode()
    return (described, (NODE_ATTRIBUTE, name), (ROLE_ATTRIBUTE, role))
