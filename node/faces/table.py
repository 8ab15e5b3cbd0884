"""The HTTP faces of a node, one row each; the paths of earlier rows go first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.faces.bulk.routes import IDENTIFIERS, bulk_routes
from idnode.node.faces.bulk.rules import RULES as BULK_RULES
from idnode.node.faces.epp.paths import EPP_PATH, REPORTS_PATH
from idnode.node.faces.face import HttpFace
from idnode.node.faces.handle.tunnel import Tunnel
from idnode.node.faces.handle_json.redirect import Redirect
from idnode.node.faces.handle_json.routes import json_routes, redirect_routes
from idnode.node.faces.handle_json.rules import RULES as JSON_RULES
from idnode.node.faces.http.routes import Route
from idnode.node.faces.idhub.routes import ROOTS as IDHUB_ROOTS
from idnode.node.faces.idhub.routes import idhub_routes
from idnode.node.faces.idhub.rules import RULES as IDHUB_RULES
from idnode.node.faces.iiidap.routes import ROOT as IIIDAP
from idnode.node.faces.iiidap.routes import iiidap_routes
from idnode.node.faces.reverse_lookup.rules import RULES as SEARCH_RULES
from idnode.node.faces.reverse_lookup.search import PATH as SEARCH
from idnode.node.faces.reverse_lookup.search import reverse_lookup_routes
from idnode.node.faces.snms.exchange import BUSY
from idnode.node.faces.snms.routes import ROOTS, snms_routes
from idnode.node.faces.snms.rules import RULES as SNMS_RULES
from idnode.node.faces.tracing.routes import PATH as TRACE
from idnode.node.faces.tracing.routes import trace_routes
from idnode.node.interceptors.exchange import (
    BULK,
    HANDLE_HTTP,
    HANDLE_JSON,
    IDHUB,
    REVERSE_LOOKUP,
    SNMS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.node.faces.http.services import Services
    from idnode.node.openapi.document import Operation


def _snms(services: Services) -> list[Route]:
    return [] if services.snms is None else snms_routes(services.snms(services.observer))


def _idhub(services: Services) -> list[Route]:
    return [] if services.idhub is None else idhub_routes(services.idhub(services.observer))


def _tunnel(services: Services) -> list[Route]:
    """Return the route of messages in the form of the binary protocol; other bodies are a browser's form."""
    receiver, otherwise = services.protocol.receiver, Redirect(services).read
    tunnel = Tunnel(receiver, services.observer, services.clock, otherwise)
    return [Route("POST", "/", tunnel.answer)]


def _docking(services: Services) -> list[Route]:
    if services.national is None:
        return []
    from idnode.node.faces.epp.routes import docking_routes  # noqa: PLC0415  # with XML, for national nodes

    return docking_routes(services)


# Descriptions are imported when somebody asks for the document: their models would take a tenth of each start.
def _snms_operations() -> Sequence[Operation]:
    from idnode.node.faces.snms.openapi import operations  # noqa: PLC0415

    return operations()


def _idhub_operations() -> Sequence[Operation]:
    from idnode.node.faces.idhub.openapi import operations  # noqa: PLC0415

    return operations()


def _bulk_operations() -> Sequence[Operation]:
    from idnode.node.faces.bulk.openapi import operations  # noqa: PLC0415

    return operations()


def _json_operations() -> Sequence[Operation]:
    from idnode.node.faces.handle_json.openapi import operations  # noqa: PLC0415

    return operations()


FACES: Final = (
    HttpFace(SNMS, _snms, _snms_operations, ROOTS, SNMS_RULES, BUSY),
    HttpFace(IDHUB, _idhub, _idhub_operations, IDHUB_ROOTS, IDHUB_RULES),
    HttpFace(BULK, bulk_routes, _bulk_operations, (IDENTIFIERS,), BULK_RULES),
    HttpFace(HANDLE_JSON, json_routes, _json_operations, ("/api",), JSON_RULES),
    HttpFace(REVERSE_LOOKUP, reverse_lookup_routes, roots=(SEARCH,), rules=SEARCH_RULES),
    HttpFace(HANDLE_JSON, trace_routes, roots=(TRACE,)),
    HttpFace(HANDLE_JSON, _docking, roots=(EPP_PATH, REPORTS_PATH)),
    HttpFace(HANDLE_JSON, iiidap_routes, roots=(IIIDAP,)),
    HttpFace(HANDLE_HTTP, _tunnel),
    # Browsers ask for any path that nothing else takes; they count as resolutions of the JSON face.
    HttpFace(HANDLE_JSON, redirect_routes, roots=("/",)),
)
