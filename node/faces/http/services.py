"""Describes what the HTTP faces of a node stand on; each takes what it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from idnode.node.faces.http.authorization import HttpAuthorization
    from idnode.node.faces.idhub.exchange import IdhubServices
    from idnode.node.faces.snms.exchange import SnmsServices
    from idnode.node.service.docking.national import NationalNode
    from idnode.node.service.events import Observer
    from idnode.node.service.handle.handle_protocol import HandleProtocol
    from idnode.node.service.identifiers.authority import Authority
    from idnode.node.service.identifiers.permissions import Permissions
    from idnode.node.service.identifiers.registrar import Registrar
    from idnode.node.service.identifiers.resolver import Resolver
    from idnode.node.service.identifiers.reverse_lookup import ReverseLookup
    from idnode.registry.handle.clock import Clock


class Freshness(Protocol):
    """Tells how what a recursive node remembers of a handle stands: hit, miss or stale, and its age in seconds."""

    @property
    def result(self) -> str:
        """Result: what the cache knew."""

    @property
    def age(self) -> int:
        """Seconds since it was fetched."""


def from_the_start(_prefix: bytes, _place: int) -> tuple[int, bytes]:
    """Return how many handles of a prefix are before a cursor that is at or before a place, and the cursor."""
    return 0, b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services as one face sees them: ``observer`` is its own."""

    resolver: Resolver
    registrar: Registrar
    permissions: Permissions
    authority: Authority
    authorization: HttpAuthorization
    protocol: HandleProtocol
    clock: Clock
    observer: Observer
    site: bytes
    """The node's site record (data of HS_SITE)."""
    count: Callable[[bytes], Awaitable[int]]
    """Returns how many handles a prefix has."""
    seek: Callable[[bytes, int], tuple[int, bytes]] = from_the_start
    """Returns a cursor before a place in the listing of a prefix."""
    random: Random = field(default_factory=Random)
    """Chooses among weighted locations of a redirect."""
    reverse_lookup: ReverseLookup | None = None
    """Finds identifiers by their values, if that is switched on."""
    trace: Callable[[bytes], Awaitable[dict[str, Any]]] | None = None
    """Returns how a recursive node finds a complete handle, as JSON."""
    freshness: Callable[[bytes], Freshness] | None = None
    """Returns how what a recursive node remembers of a complete handle stands."""
    console: str | None = None
    """Where the node's console is, if who reaches this port reaches it, too."""
    national: NationalNode | None = None
    """What a national node offers to those who dock to it."""
    referral_status: int = 307
    """The HTTP status that sends browsers on to another node; 300 shows them where to ask instead."""
    snms: Callable[[Observer], SnmsServices] | None = None
    """Returns what the SNMS face stands on, if the node has a directory."""
    idhub: Callable[[Observer], IdhubServices] | None = None
    """Returns what the IDHub face stands on, if the node has a directory."""
