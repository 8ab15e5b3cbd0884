"""The recursive part of a node, made from its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.clients.tracing.place import Place
from idnode.clients.tracing.trace import Hop
from idnode.node.recursion.recursion import Recursion, RecursionLimits
from idnode.node.recursion.upstream import Upstream

if TYPE_CHECKING:
    from idnode.node.settings import Settings
    from idnode.registry.handle.clock import Clock


def recursion_of(settings: Settings, clock: Clock, address: tuple[str, int]) -> Recursion | None:
    """Return the recursive part of a node that listens at an address, None for a node that only answers itself."""
    if settings.recursive_root is None:
        return None
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
    return Recursion(root, Upstream(hosts, clock), clock, own, limits)
