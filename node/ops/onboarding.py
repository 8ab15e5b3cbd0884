"""The directory on the management port: enterprises, prefixes, templates, reviews, daily volumes.

Whoever reaches this port operates the node, so nobody is asked who they are; that is why it binds to loopback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from idnode.node.ops.models import Decision, NewEnterprise, RandomEnterprise
from idnode.node.service.answers import answer_for, text_for
from idnode.node.service.directory.enrolment import Enrolment, enrol, enrol_random
from idnode.node.service.directory.enterprises import Asked
from idnode.node.service.errors import ServiceError
from idnode.registry.directory.states import PrefixStatus
from idnode.registry.handle.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from idnode.node.service.directory.daily_counts import DailyCounts
    from idnode.node.service.directory.enterprises import (
        DirectoryPage,
        EnterpriseRow,
        Enterprises,
        PrefixRow,
        TemplateRow,
    )
    from idnode.node.service.directory.onboarding import Onboarding
    from idnode.registry.directory.store import Directory

PAGE_ROWS: Final = 50
DAYS: Final = 30
DAYS_MAX: Final = 400
_TOP: Final = 10
_TOP_MAX: Final = 1000

_Model = TypeVar("_Model", bound=BaseModel)


class Desk(Protocol):
    """Describes what these calls stand on."""

    directory: Directory
    onboarding: Onboarding
    enterprises: Enterprises
    daily_counts: DailyCounts


class OnboardingCalls:
    """The calls; ``desk`` returns None while the node is starting, ``count`` a prefix's identifiers."""

    def __init__(
        self,
        desk: Callable[[], Desk | None],
        node_prefix: str,
        count: Callable[[bytes], Awaitable[int]],
    ) -> None:
        self._desk_or_none = desk
        self._node_prefix = node_prefix
        self._count = count

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/v1``."""
        return [
            web.get("/api/v1/enterprises", _answered(self.enterprises)),
            web.post("/api/v1/enterprises", _answered(self.add_enterprise, status=201)),
            web.get("/api/v1/enterprises/{id}", _answered(self.enterprise)),
            web.get("/api/v1/prefixes", _answered(self.prefixes)),
            web.get("/api/v1/prefixes/{prefix}", _answered(self.prefix)),
            web.post("/api/v1/prefixes/{prefix}/{switch:enable|disable}", _answered(self.switch)),
            web.get("/api/v1/templates", _answered(self.templates)),
            web.get("/api/v1/accounts", _answered(self.accounts)),
            web.get("/api/v1/reviews", _answered(self.reviews)),
            web.post("/api/v1/reviews/{prefix}/{verdict:approve|reject}", _answered(self.decide)),
            web.get("/api/v1/volumes", _answered(self.daily_counts)),
            web.get("/api/v1/volumes/top", _answered(self.top_prefixes)),
        ]

    @property
    def _desk(self) -> Desk:
        desk = self._desk_or_none()
        if desk is None:
            raise web.HTTPServiceUnavailable(reason="The node is starting")
        return desk

    async def enterprises(self, request: web.Request) -> Any:
        """Return a page of enterprises, by part of the name or of a prefix."""
        page = await self._desk.enterprises.page(None, _asked(request))
        return _shown_page(page, map(_enterprise, page.rows))

    async def enterprise(self, request: web.Request) -> Any:
        """Return an enterprise with its application."""
        number = request.match_info["id"]
        if not number.isascii() or not number.isdigit() or int(number) >= 1 << 63:
            raise web.HTTPBadRequest(reason="An enterprise's id is a number")
        row = await self._desk.enterprises.one(None, int(number))
        return _enterprise(row) | {"application": row.form}

    async def add_enterprise(self, request: web.Request) -> Any:
        """Onboard an enterprise, one that is described or a random one."""
        desk = self._desk
        if b'"random"' in await request.read():
            await _body(request, RandomEnterprise)
            drawn = await enrol_random(desk.onboarding, desk.directory.cache, self._node_prefix)
            return drawn._asdict()
        new = await _body(request, NewEnterprise)
        number, _prefix = await enrol(
            desk.onboarding,
            desk.directory.cache,
            self._node_prefix,
            Enrolment(**new.model_dump()),
        )
        return _enterprise(await desk.enterprises.one(None, number))

    async def prefixes(self, request: web.Request) -> Any:
        """Return a page of prefixes, by part of the enterprise's name or of the prefix, and by status."""
        page = await self._desk.enterprises.prefixes(None, _asked(request))
        return _shown_page(page, [await self._prefix(row) for row in page.rows])

    async def prefix(self, request: web.Request) -> Any:
        """Return a prefix."""
        return await self._prefix(await self._desk.enterprises.prefix(request.match_info["prefix"]))

    async def switch(self, request: web.Request) -> Any:
        """Enable or disable a prefix."""
        await _body(request, Decision)
        name = request.match_info["prefix"]
        enabled = request.match_info["switch"] == "enable"
        await self._desk.onboarding.switch(name, enabled=enabled)
        return await self._prefix(await self._desk.enterprises.prefix(name))

    async def templates(self, request: web.Request) -> Any:
        """Return a page of templates, by prefix and by part of the version."""
        page = await self._desk.enterprises.templates(_asked(request))
        return _shown_page(page, map(_template, page.rows))

    async def accounts(self, request: web.Request) -> Any:
        """Return a page of accounts, by part of the name."""
        page = await self._desk.enterprises.accounts(_asked(request))
        return _shown_page(page, (row._asdict() for row in page.rows))

    async def reviews(self, request: web.Request) -> Any:
        """Return a page of the prefixes that wait for a decision."""
        page = await self._desk.enterprises.reviews(_asked(request))
        return _shown_page(page, [await self._prefix(row) for row in page.rows])

    async def decide(self, request: web.Request) -> Any:
        """Approve or reject what waits."""
        decision = await _body(request, Decision)
        name = request.match_info["prefix"]
        approved = request.match_info["verdict"] == "approve"
        await self._desk.onboarding.decide(name, approved=approved, reason=decision.reason)
        return await self._prefix(await self._desk.enterprises.prefix(name))

    async def daily_counts(self, request: web.Request) -> Any:
        """Return what prefixes registered and resolved in the last days."""
        days = _number(request, "days", DAYS, most=DAYS_MAX)
        found = await self._desk.daily_counts.of_days(
            request.query.get("prefix", "")[:255], days=days
        )
        return {"items": [volume._asdict() for volume in found]}

    async def top_prefixes(self, request: web.Request) -> Any:
        """Return the prefixes that registered and resolved most in the last days together."""
        days = _number(request, "days", DAYS, most=DAYS_MAX)
        count = _number(request, "count", _TOP, most=_TOP_MAX)
        found = await self._desk.daily_counts.top(count, days=days)
        return {"items": [total._asdict() for total in found]}

    async def _prefix(self, row: PrefixRow) -> dict[str, Any]:
        return {
            "prefix": row.name,
            "enterprise": row.enterprise.name,
            "status": int(row.status),
            "status_name": row.status.name.lower(),
            "proxy_state": int(row.proxy_state),
            "proxy_state_name": row.proxy_state.name.lower(),
            "reason": row.reason,
            "server": row.server,
            "identifiers": await self._count(row.name.encode()),
            "created": row.created,
            "updated": row.updated,
        }


def _answered(
    call: Callable[[web.Request], Awaitable[Any]], *, status: int = 200
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler that answers with what a call returns, or with what it raises."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return _json(await call(request), status)
        except (ServiceError, RegistryError) as error:
            return _json(
                {"message": text_for(error) or type(error).__name__}, answer_for(error).http_status
            )

    return answer


def _json(body: Any, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


async def _body(request: web.Request, model: type[_Model]) -> _Model:
    """Return a body as a model.

    The content type is insisted on, because a page in somebody's browser cannot send it unasked.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Expected application/json")
    body = await request.read()
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in problem["loc"]) or "body"
        said = f"{where}: {problem['msg']}".encode("ascii", "backslashreplace").decode()
        raise web.HTTPBadRequest(reason=" ".join(said.split())[:200]) from error


def _asked(request: web.Request) -> Asked:
    status = request.query.get("status", "")
    names = {state.name.lower(): int(state) for state in PrefixStatus}
    if status and status not in names:
        raise web.HTTPBadRequest(reason=f"status is one of {', '.join(names)}")
    return Asked(
        number=_number(request, "page", 1, most=1 << 31),
        size=_number(request, "size", PAGE_ROWS, most=1000),
        name=_text(request, "name"),
        prefix=_text(request, "prefix"),
        status=names.get(status),
    )


def _text(request: web.Request, name: str) -> str:
    found = request.query.get(name, "")
    if len(found) > 255 or "\0" in found:
        raise web.HTTPBadRequest(reason=f"{name} is too long, or no text")
    return found


def _number(request: web.Request, name: str, otherwise: int, *, most: int) -> int:
    found = request.query.get(name, "")
    if not found:
        return otherwise
    if not found.isascii() or not found.isdigit() or len(found) > 10 or not 0 < int(found) <= most:
        raise web.HTTPBadRequest(reason=f"{name} is a number from 1 to {most}")
    return int(found)


def _shown_page(page: DirectoryPage[Any], rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {
        "items": list(rows),
        "page": page.number,
        "size": page.size,
        "total": page.total,
    }


def _enterprise(row: EnterpriseRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "general_id": row.general_id,
        "name": row.name,
        "username": row.username,
        "prefixes": list(row.prefixes),
        "created": row.created,
        "updated": row.updated,
    }


def _template(row: TemplateRow) -> dict[str, Any]:
    return row._asdict()
