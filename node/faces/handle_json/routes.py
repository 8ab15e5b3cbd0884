"""The endpoints of the JSON API and their methods, in one list (handle-http-api.md §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.faces.handle_json.handles import Reading
from idnode.node.faces.handle_json.listing import Listing
from idnode.node.faces.handle_json.prefixes import Prefixes
from idnode.node.faces.handle_json.redirect import Redirect
from idnode.node.faces.handle_json.session_routes import SessionAccess
from idnode.node.faces.handle_json.site import SiteInfo
from idnode.node.faces.handle_json.verifications import Verifications
from idnode.node.faces.handle_json.writing import Writing
from idnode.node.faces.http.replies import unknown_endpoint
from idnode.node.faces.http.routes import ANY, Route, endpoint

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.services import Services


def json_routes(services: Services) -> list[Route]:
    """Return the routes of this face, its catch-alls last."""
    return [*_handle_routes(services), *_node_routes(services)]


def _handle_routes(services: Services) -> list[Route]:
    """Return the routes of handles and of the site."""
    reading, writing, listing = Reading(services), Writing(services), Listing(services)
    site = SiteInfo(services)
    one = {
        "GET": reading.read,
        "HEAD": reading.read,
        "POST": reading.read_with_parameters,
        "PUT": writing.put,
        "DELETE": writing.delete,
    }
    every = {
        "GET": listing.handles,
        "HEAD": listing.handles,
        "POST": listing.handles,
        "PUT": listing.handles,
        "DELETE": listing.delete_nothing,
    }
    info = {"GET": site.read, "HEAD": site.read, "POST": site.read}
    return [
        *endpoint("/api/handles/{handle:(?s:.+)}", one),
        *endpoint("/api/handles", every),
        *endpoint("/api/handles/", every),
        *endpoint("/api/site", info),
        *endpoint("/api/site/", info),
    ]


def _node_routes(services: Services) -> list[Route]:
    """Return the routes of prefixes, verifications and sessions, and behind them the catch-all of ``/api``."""
    protocol, sessions = services.protocol, services.authorization.sessions
    prefixes, access = Prefixes(services, protocol.homing), SessionAccess(services, sessions)
    verify = Verifications(services, protocol.proofs).verify
    listing = {"GET": prefixes.homed, "HEAD": prefixes.homed}
    opening = {"POST": access.open}
    this = {
        "GET": access.show,
        "HEAD": access.show,
        "PUT": access.sign_in,
        "POST": access.sign_in,
        "DELETE": access.end,
    }
    return [
        *endpoint("/api/prefixes", listing),
        *endpoint("/api/prefixes/", listing),
        *endpoint(
            "/api/prefixes/{handle:(?s:.+)}", {"POST": prefixes.home, "DELETE": prefixes.unhome}
        ),
        *endpoint("/api/verifications/{identity:(?s:.+)}", {"GET": verify, "POST": verify}),
        *endpoint("/api/sessions", opening),
        *endpoint("/api/sessions/", opening),
        *endpoint("/api/sessions/this", this),
        Route(ANY, "/api/sessions/{another:(?s:.+)}", access.another),
        Route(ANY, "/api", _unknown),
        Route(ANY, "/api/{rest:(?s:.*)}", _unknown),
    ]


def redirect_routes(services: Services) -> list[Route]:
    """Return the browser face, which takes every path that nothing else took."""
    return [Route(ANY, "/{handle:(?s:.*)}", Redirect(services).read)]


async def _unknown(request: web.Request) -> web.StreamResponse:
    return unknown_endpoint(request)
