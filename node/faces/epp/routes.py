"""``POST /epp``: filings of secondary nodes; ``POST /api/v1/reports``: what they report (secondary-node-functions.md §4.1, §4.3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from aiohttp import web

from idnode.node.faces.epp.paths import EPP_PATH, REPORTS_PATH
from idnode.node.faces.http.body import BodyRefused, read_body
from idnode.node.faces.http.replies import PLANNED, failed, failure, present
from idnode.node.faces.http.routes import Route
from idnode.node.service.docking import epp
from idnode.node.service.docking.epp import Response, read_command, write_response
from idnode.node.service.errors import AuthenticationFailed, EppUnreadable

if TYPE_CHECKING:
    from idnode.node.faces.http.services import Services
    from idnode.node.service.docking.national import NationalNode

REPORT_BYTES_MAX: Final = 1 << 20


def docking_routes(services: Services) -> list[Route]:
    """Return the routes, none for a node that is not the national one."""
    national = services.national
    if national is None:
        return []

    async def file(request: web.Request) -> web.StreamResponse:
        return await _file(request, national)

    async def report(request: web.Request) -> web.StreamResponse:
        try:
            body = await read_body(request, REPORT_BYTES_MAX)
            who = await national.senders.sender(request.headers.get("Authorization", ""), body)
            found = json.loads(body)
        except (ValueError, RecursionError):
            return present(failure(4, "A report is a JSON object", None), 400)
        except PLANNED as error:
            status, code, message = failed(error)
            return present(failure(code, message, None), status)
        if not isinstance(found, dict):
            return present(failure(4, "A report is a JSON object", None), 400)
        national.report(who, found)
        return present({"responseCode": 1, "prefix": who}, 200)

    return [Route("POST", EPP_PATH, file), Route("POST", REPORTS_PATH, report)]


async def _file(request: web.Request, national: NationalNode) -> web.StreamResponse:
    """Answer one command; what is wrong with it is told in EPP, with HTTP status 200 as its mapping has it."""
    try:
        body = await read_body(request, epp.BODY_BYTES_MAX)
    except BodyRefused as error:
        return _answer(Response(epp.SYNTAX, detail=str(error)), error.status)
    try:
        who = await national.senders.sender(request.headers.get("Authorization", ""), body)
        command = read_command(body)
    except AuthenticationFailed:
        return _answer(Response(epp.NOT_AUTHORISED))
    except EppUnreadable as error:
        return _answer(Response(epp.SYNTAX, detail=str(error)))
    return _answer(await national.filings.carry_out(who, command))


def _answer(response: Response, status: int = 200) -> web.Response:
    return web.Response(body=write_response(response), status=status, content_type=epp.TYPE)
