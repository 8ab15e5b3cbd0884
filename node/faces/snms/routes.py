"""The endpoints of this face, in one table (snms-api.md §1.1 and §7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiohttp import web

from idnode.node.faces.http.routes import Route, all_below
from idnode.node.faces.snms.enterprises import EnterpriseCalls
from idnode.node.faces.snms.exchange import answered, failure
from idnode.node.faces.snms.files import FileCalls
from idnode.node.faces.snms.identifiers import IdentifierCalls
from idnode.node.faces.snms.prefixes import PrefixCalls
from idnode.node.faces.snms.templates import TemplateCalls
from idnode.node.faces.snms.texts import REFUSED, Said
from idnode.node.faces.snms.tokens import TokenCalls
from idnode.node.service import events

if TYPE_CHECKING:
    from idnode.node.faces.snms.exchange import SnmsServices

ROOTS: Final = ("/identity", "/identityv2", "/snms")
"""Paths below which everything is this face's, so that a mistyped path is told as such."""

Endpoint = Callable[[web.Request], Awaitable[Any]]


class SnmsCall(NamedTuple):
    """One method of one path; ``operation`` is what the observer is told."""

    method: str
    path: str
    endpoint: Endpoint
    operation: str = events.OTHER


def calls(services: SnmsServices) -> list[SnmsCall]:
    """Return every call of this face."""
    makers = (_token_calls, _template_calls, _identifier_calls, _directory_calls)
    return [call for make in makers for call in make(services)]


def _token_calls(services: SnmsServices) -> list[SnmsCall]:
    tokens = TokenCalls(services)
    return [
        SnmsCall("POST", "/identity/token", tokens.plain),
        SnmsCall("POST", "/identity/token/v1", tokens.digested),
        SnmsCall("POST", "/identity/registry", tokens.register),
    ]


def _template_calls(services: SnmsServices) -> list[SnmsCall]:
    found = []
    for path, version in (
        ("/snms/api/v3/template", 3),
        ("/snms/api/v5/template", 5),
        ("/snms/api/template/v1", 3),
    ):
        templates = TemplateCalls(services, version)
        found += [
            SnmsCall("GET", path, templates.read),
            SnmsCall("POST", path, templates.create),
            SnmsCall("DELETE", path, templates.delete),
        ]
        if version == 5:
            found.append(SnmsCall("PUT", path, templates.edit))
    return found


def _identifier_calls(services: SnmsServices) -> list[SnmsCall]:
    identifiers = IdentifierCalls(services)
    data = "/identityv2/data"
    return [
        SnmsCall("GET", f"{data}/detail", identifiers.detail, events.RESOLVE),
        SnmsCall("GET", "/api/identityv2/query/data", identifiers.query, events.RESOLVE),
        SnmsCall("POST", data, identifiers.create, events.CREATE),
        SnmsCall("PUT", data, identifiers.update, events.MODIFY),
        SnmsCall("DELETE", data, identifiers.delete, events.DELETE),
        SnmsCall("POST", f"{data}/batchCreate", identifiers.batch_create, events.BATCH_REGISTER),
        SnmsCall("PUT", f"{data}/batchUpdate", identifiers.batch_update, events.MODIFY),
        SnmsCall("DELETE", f"{data}/batchDelete", identifiers.batch_delete, events.DELETE),
    ]


def _directory_calls(services: SnmsServices) -> list[SnmsCall]:
    enterprises, prefixes = EnterpriseCalls(services), PrefixCalls(services)
    return [
        SnmsCall("POST", "/snms/api/file/upload", FileCalls(services).upload),
        SnmsCall("POST", "/snms/api/v3/ent/apply", enterprises.apply),
        SnmsCall("POST", "/snms/api/ent/apply", enterprises.apply),
        SnmsCall("POST", "/snms/api/v3/ent/upgrade-apply", enterprises.upgrade),
        SnmsCall("GET", "/snms/api/v3/ent/page", enterprises.page),
        SnmsCall("GET", "/snms/api/v3/ent/detail", enterprises.detail),
        SnmsCall("GET", "/snms/api/prefix/query", prefixes.query),
        SnmsCall("GET", "/snms/api/prefix/page", prefixes.page),
        SnmsCall("POST", "/snms/api/ent/config", prefixes.configure),
    ]


def snms_routes(services: SnmsServices) -> list[Route]:
    """Return the routes of this face, its catch-alls last."""
    routes = [
        Route(call.method, call.path, answered(services, call.operation, call.endpoint))
        for call in calls(services)
    ]
    return all_below(
        ROOTS, routes, lambda status, text: failure(Said(REFUSED, text), status=status)
    )
