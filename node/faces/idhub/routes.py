"""The endpoints of this face, in one table (idhub-api.md §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from idnode.node.faces.http.replies import json_response
from idnode.node.faces.http.routes import Route, all_below
from idnode.node.faces.idhub.doip import DoipCalls
from idnode.node.faces.idhub.exchange import answered
from idnode.node.faces.idhub.granting import FileCalls, GrantCalls
from idnode.node.faces.idhub.identity import IdentityCalls
from idnode.node.faces.idhub.metadata import MetadataCalls
from idnode.node.service import events

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from idnode.node.faces.idhub.exchange import IdhubServices

DOIP: Final = "/api/v1/doip"
OPEN: Final = "/api/v1/open"
SINGLE: Final = "/api/v1/single-handle"
ROOTS: Final = (DOIP, OPEN, SINGLE)
"""Paths below which everything is this face's, so that a mistyped path is told as such."""


class IdhubCall(NamedTuple):
    """One method of one path. ``ten_thousand``: whether its sample in the guide succeeds with 10000."""

    method: str
    path: str
    endpoint: Callable[[web.Request], Awaitable[Any]]
    operation: str = events.OTHER
    ten_thousand: bool = False


def calls(services: IdhubServices) -> list[IdhubCall]:
    """Return every call of this face."""
    return [*_identity_calls(services), *_metadata_calls(services), *_object_calls(services)]


def _identity_calls(services: IdhubServices) -> list[IdhubCall]:
    identity = IdentityCalls(services)
    verify = f"{DOIP}/public/verify-response"
    return [
        IdhubCall("GET", f"{DOIP}/public/challenge", identity.challenge),
        IdhubCall("POST", verify, identity.verify),
        # The SDK declares it as GET with a body, and some of its HTTP clients send it so.
        IdhubCall("GET", verify, identity.verify),
    ]


def _metadata_calls(services: IdhubServices) -> list[IdhubCall]:
    metadata = MetadataCalls(services)
    meta = f"{OPEN}/meta"
    return [
        IdhubCall("POST", f"{meta}/create", metadata.create),
        IdhubCall("GET", f"{meta}/info", metadata.info),
        IdhubCall("PUT", f"{meta}/update-basic-info", metadata.set_head, ten_thousand=True),
        IdhubCall("PUT", f"{meta}/update-item", metadata.set_items, ten_thousand=True),
        IdhubCall("DELETE", f"{meta}/delete", metadata.delete, ten_thousand=True),
        IdhubCall("POST", f"{meta}/grant/info", metadata.grant, ten_thousand=True),
        IdhubCall("POST", f"{meta}/grant-info", metadata.grant, ten_thousand=True),
        IdhubCall("PUT", f"{meta}/publish-or-withdraw", metadata.publish, ten_thousand=True),
        IdhubCall("POST", f"{meta}/baseon-create", metadata.copy),
        IdhubCall("GET", f"{meta}/classify-query", metadata.classes),
        IdhubCall("GET", f"{meta}/page", metadata.page),
    ]


def _object_calls(services: IdhubServices) -> list[IdhubCall]:
    doip, grants, files = DoipCalls(services), GrantCalls(services), FileCalls(services)
    classes = f"{OPEN}/classes-grant"
    return [
        IdhubCall("POST", DOIP, doip.write, events.MODIFY, ten_thousand=True),
        IdhubCall("GET", DOIP, doip.retrieve, events.RESOLVE),
        IdhubCall("GET", f"{OPEN}/handle/page", doip.page, events.LIST),
        IdhubCall("GET", f"{OPEN}/handle-user-group/list", grants.users, ten_thousand=True),
        IdhubCall("POST", f"{SINGLE}/authorization", grants.single),
        IdhubCall("POST", f"{OPEN}/single-handle/authorization", grants.single),
        IdhubCall("POST", f"{classes}/item/batch-public", grants.publish_items),
        IdhubCall("POST", f"{classes}/authorization", grants.of_class),
        IdhubCall("GET", f"{OPEN}/message/appMessage", grants.messages),
        IdhubCall("POST", f"{DOIP}/file-upload", files.upload),
        IdhubCall("GET", f"{DOIP}/file-acquire", files.acquire),
    ]


def idhub_routes(services: IdhubServices) -> list[Route]:
    """Return the routes of this face, its catch-alls last."""
    routes = [
        Route(
            call.method,
            call.path,
            answered(services, call.operation, call.endpoint, ten_thousand=call.ten_thousand),
        )
        for call in calls(services)
    ]
    return all_below(ROOTS, routes, _refused)


def _refused(status: int, message: str) -> web.Response:
    return json_response(orjson.dumps({"code": status, "message": message}), status)
