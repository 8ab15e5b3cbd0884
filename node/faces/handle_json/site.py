"""``/api/site``: what this node is (handle-http-api.md §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.replies import PLANNED
from idnode.node.service import events
from idnode.node.service.errors import SiteUnknown
from idnode.registry.handle.types import hs_site_forms

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.services import Services


class SiteInfo:
    """Answers with the node's own site record."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def read(self, request: web.Request) -> web.StreamResponse:
        """Answer GET and POST."""
        exchange = HttpExchange(self._services, request, events.SITE)
        try:
            site = hs_site_forms.TYPE.data_object(self._services.site)
            if site is None:
                raise SiteUnknown("The node is still starting")
        except PLANNED as error:
            return exchange.refused(error)
        return exchange.answer(200, {"responseCode": 1, "site": site["value"]})
