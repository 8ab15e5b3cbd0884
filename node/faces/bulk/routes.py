"""The endpoints of the bulk API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.faces.bulk.batch import BatchRegistration
from idnode.node.faces.bulk.listing import IdentifierListing
from idnode.node.faces.bulk.resolve import BatchResolution
from idnode.node.faces.http.routes import Route, endpoint

if TYPE_CHECKING:
    from idnode.node.faces.http.services import Services

IDENTIFIERS: Final = "/api/v1/identifiers"
BATCH: Final = "/api/v1/identifiers/batch"
RESOLVE: Final = "/api/v1/identifiers/resolve"


def bulk_routes(services: Services) -> list[Route]:
    """Return the routes of the bulk API."""
    return [
        *endpoint(IDENTIFIERS, {"GET": IdentifierListing(services).page}),
        *endpoint(BATCH, {"POST": BatchRegistration(services).register}),
        *endpoint(RESOLVE, {"POST": BatchResolution(services).resolve}),
    ]
