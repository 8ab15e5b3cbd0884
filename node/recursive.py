"""The recursive part of a node, made from its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.clients.tracing.place import Place
from idnode.clients.tracing.trace import Hop
from idnode.node.defaults import SettingsRefused
from idnode.node.recursion.recursion import Recursion, RecursionLimits
from idnode.node.recursion.upstream import Upstream
from idnode.registry.handle.certification.keys import read_verifying_key
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from idnode.node.ops.metrics import Metrics
    from idnode.node.settings import Settings
    from idnode.registry.handle.certification.tokens import VerifyingKey
    from idnode.registry.handle.clock import Clock

ROOT_IDENTITY: Final = "300:0.NA/0.NA"
"""Who certificates lead up to."""


def recursion_of(settings: Settings, clock: Clock, address: tuple[str, int]) -> Recursion:
    """Return the recursive part of a node that listens at an address, and has a root.

    Raises:
        SettingsRefused: The root that trusted answers lead up to cannot be read.

    """
    assert settings.recursive_root is not None
    host, _, port = settings.recursive_root.rpartition(":")
    host = host.strip("[]")
    root = Place(host, int(port), int(port), rule="root")
    named = (item.strip() for item in settings.recursive_hosts.split(","))
    hosts = frozenset({host, *filter(None, named)})
    own = Hop(f"{address[0]}:{address[1]}", "", settings.name, settings.role, rule="asked first")
    limits = RecursionLimits(
        entries=settings.recursive_answers,
        negative_seconds=settings.recursive_negative_ttl,
        stale_seconds=settings.recursive_stale,
    )
    return Recursion(root, Upstream(hosts, clock), clock, own, limits, _roots(settings))


def begin_recursion(
    settings: Settings,
    clock: Clock,
    address: tuple[str, int],
    metrics: Metrics,
    running: AsyncExitStack,
) -> Recursion:
    """Return what asks others for clients: counted, and ended with ``running``.

    Raises:
        SettingsRefused: As `recursion_of`.

    """
    recursion = recursion_of(settings, clock, address)
    running.push_async_callback(recursion.close)
    counters, cache = recursion.counters, recursion.cache
    metrics.read_further(lambda: counters.collect(cache))
    return recursion


def _roots(settings: Settings) -> dict[str, VerifyingKey]:
    """Return the key of the root that trusted answers lead up to, if one was agreed on.

    Raises:
        SettingsRefused: The file cannot be read, or holds no such key.

    """
    if settings.recursive_trust is None:
        return {}
    try:
        return {ROOT_IDENTITY: read_verifying_key(settings.recursive_trust.read_bytes())}
    except (OSError, ProtocolError) as error:
        raise SettingsRefused(f"recursive_trust {settings.recursive_trust}: {error}") from error
