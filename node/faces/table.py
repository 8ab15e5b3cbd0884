"""The HTTP faces of a node, one row each; the paths of earlier rows go first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.faces.bulk import openapi as bulk
from idnode.node.faces.bulk.routes import IDENTIFIERS, bulk_routes
from idnode.node.faces.bulk.rules import RULES as BULK_RULES
from idnode.node.faces.face import HttpFace
from idnode.node.faces.handle.tunnel import Tunnel
from idnode.node.faces.handle_json import openapi as handle_json
from idnode.node.faces.handle_json.redirect import Redirect
from idnode.node.faces.handle_json.routes import json_routes, redirect_routes
from idnode.node.faces.handle_json.rules import RULES as JSON_RULES
from idnode.node.faces.http.routes import Route
from idnode.node.faces.reverse_lookup.rules import RULES as SEARCH_RULES
from idnode.node.faces.reverse_lookup.search import PATH as SEARCH
from idnode.node.faces.reverse_lookup.search import reverse_lookup_routes
from idnode.node.faces.snms import openapi as snms
from idnode.node.faces.snms.exchange import BUSY
from idnode.node.faces.snms.routes import ROOTS, snms_routes
from idnode.node.faces.snms.rules import RULES as SNMS_RULES
from idnode.node.interceptors.exchange import (
    BULK,
    HANDLE_HTTP,
    HANDLE_JSON,
    REVERSE_LOOKUP,
    SNMS,
)

if TYPE_CHECKING:
    from idnode.node.faces.http.services import Services


def _snms(services: Services) -> list[Route]:
    return [] if services.snms is None else snms_routes(services.snms(services.observer))


def _tunnel(services: Services) -> list[Route]:
    """Return the route of messages in the form of the binary protocol; other bodies are a browser's form."""
    receiver, otherwise = services.protocol.receiver, Redirect(services).read
    tunnel = Tunnel(receiver, services.observer, services.clock, otherwise)
    return [Route("POST", "/", tunnel.answer)]


FACES: Final = (
    HttpFace(SNMS, _snms, snms.operations, ROOTS, SNMS_RULES, BUSY),
    HttpFace(BULK, bulk_routes, bulk.operations, (IDENTIFIERS,), BULK_RULES),
    HttpFace(HANDLE_JSON, json_routes, handle_json.operations, ("/api",), JSON_RULES),
    HttpFace(REVERSE_LOOKUP, reverse_lookup_routes, roots=(SEARCH,), rules=SEARCH_RULES),
    HttpFace(HANDLE_HTTP, _tunnel),
    # Browsers ask for any path that nothing else takes; they count as resolutions of the JSON face.
    HttpFace(HANDLE_JSON, redirect_routes, roots=("/",)),
)
