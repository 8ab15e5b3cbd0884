"""The management app of a node, with the calls of each of its parts; most answer only once the node is ready."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from idnode.node.addresses import told, url_of
from idnode.node.browsers import fenced
from idnode.node.build import version
from idnode.node.defaults import DEMO_SECRET
from idnode.node.exposure import is_loopback
from idnode.node.faces.console.routes import console_page, console_routes
from idnode.node.ops import management
from idnode.node.ops.about import about_routes
from idnode.node.ops.clock import clock_routes
from idnode.node.ops.docking import docking_routes
from idnode.node.ops.documentation import documentation_routes
from idnode.node.ops.fixtures import FixtureCalls
from idnode.node.ops.identifiers import IdentifierCalls
from idnode.node.ops.load_result import LoadResultCalls
from idnode.node.ops.onboarding import OnboardingCalls
from idnode.node.own_trace import tracing
from idnode.node.reporting import Reported, snapshot_of
from idnode.node.states import state_routes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from idnode.node.addresses import Addresses
    from idnode.node.directory_parts import DirectoryParts
    from idnode.node.docking_parts import DockingParts
    from idnode.node.given import GivenFixtures
    from idnode.node.observation import Observation
    from idnode.node.settings import Settings
    from idnode.node.states import NodeStates
    from idnode.registry.handle.clock import Clock


class Managed(Reported, Protocol):
    """The parts of a node that are managed; the later ones are there once it has started."""

    observation: Observation
    parts: DirectoryParts
    docking: DockingParts
    fixtures: GivenFixtures | None
    states: NodeStates | None
    addresses: Addresses
    demo_secret_works: bool

    def report(self) -> dict[str, Any]:
        """Return what ``/api/v1/stats`` tells."""


def management_app(
    node: Managed, clock: Clock, save: Callable[[], Awaitable[None]]
) -> web.Application:
    """Return the management app; ``save`` is done before it tells what a crash must not take back."""
    health, settings = node.health, node.settings

    async def count(prefix: bytes) -> int:
        return await node.register.count(prefix)

    identifiers = IdentifierCalls(
        lambda: node.services if health.ready else None,
        settings.prefix,
        clock,
        tracing(lambda: node.addresses),
    )
    calls = OnboardingCalls(lambda: node.parts if health.ready else None, settings.prefix, count)
    app = management.build(
        health,
        node.metrics,
        stats=node.report,
        snapshot=partial(snapshot_of, node),
        before_telling=save,
        further=[
            *calls.routes(),
            *clock_routes(clock, loopback=is_loopback(settings.host)),
            *node.observation.routes(version()),
            *FixtureCalls(lambda: node.fixtures if health.ready else None).routes(),
            *state_routes(lambda: node.states, settings),
            *docking_routes(lambda: node.docking.told() if health.ready else {}),
            *documentation_routes(version()),
            *about_routes(lambda: about(node) if health.ready else None),
            *identifiers.routes(),
            *LoadResultCalls(clock).routes(),
        ],
        pages=console_routes(version()),
        front=console_page("overview", version()),
    )
    return fenced(app, settings)


def console_of(settings: Settings, admin: tuple[str, int], *, in_tree: bool) -> str | None:
    """Return where a node's console is, for pages of the HTTP port; None if only one of both is on loopback."""
    if not (is_loopback(settings.host) and is_loopback(settings.admin_host)):
        return None
    return f"{url_of(admin)}/nodes/{settings.name}/" if in_tree else f"{url_of(admin)}/"


def about(node: Managed) -> dict[str, Any]:
    """Return addresses, prefix and the credentials of a started node; a secret of one's own is not among them."""
    settings = node.settings
    prefix, secret = settings.prefix, DEMO_SECRET if node.demo_secret_works else None
    enterprise = f"{prefix}.1" if settings.demo_enterprise else None
    return {
        "name": settings.name,
        "role": settings.role,
        "prefix": prefix,
        "enterprise_prefix": enterprise,
        "addresses": told(node.addresses),
        "administrators": [f"301:0.NA/{each}" for each in (prefix, enterprise) if each],
        "accounts": ["admin", "demo"] if enterprise else ["admin"],
        "secret": secret,
        "resettable": settings.allow_reset,
        "recursive": settings.recursive_root is not None,
    }
