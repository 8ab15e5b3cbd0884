"""Faults on the management port: list them, replace them at once, switch them by name, try them dry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from idnode.node.interceptors.faults.control import FaultControl
    from idnode.node.interceptors.faults.fault import Fault
    from idnode.node.interceptors.journal.entry import Entry

_SEED_MAX: Final = 1 << 64


class FaultCalls:
    """Serves ``/api/v1/faults``.

    ``control`` returns the faults, which are loaded when somebody asks for them; ``entries`` those of the journal.
    """

    def __init__(
        self, control: Callable[[], FaultControl], entries: Callable[[], Iterable[Entry]]
    ) -> None:
        self._control = control
        self._entries = entries

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/faults", self.read, allow_head=False),
            web.put("/api/v1/faults", self.replace),
            web.post("/api/v1/faults", self.add),
            web.delete("/api/v1/faults", self.clear),
            web.post("/api/v1/faults/dry-run", self.dry_run),
            web.get("/api/v1/faults/{name}", self.read_one, allow_head=False),
            web.put("/api/v1/faults/{name}", self.switch),
            web.delete("/api/v1/faults/{name}", self.remove),
        ]

    async def read(self, _request: web.Request) -> web.Response:
        """Answer with every fault and trap, on and off."""
        return self._all()

    async def replace(self, request: web.Request) -> web.Response:
        """Have the faults that are sent, and no others, all at once; every trap is off."""
        body = await _body(request)
        seed = body.get("seed") if isinstance(body, dict) else None
        valid = isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < _SEED_MAX
        if seed is not None and not valid:
            raise web.HTTPBadRequest(reason="seed takes a number below 2^64")
        self._control().replace(_faults(body), seed)
        return self._all()

    async def add(self, request: web.Request) -> web.Response:
        """Have one fault, or several, besides those that are here, or in the place of their namesakes."""
        body = await _body(request)
        faults = _faults([body] if isinstance(body, dict) and "faults" not in body else body)
        try:
            self._control().add(faults)
        except ValueError as error:
            raise web.HTTPBadRequest(reason=_one_line(error)) from error
        return self._all()

    async def clear(self, _request: web.Request) -> web.Response:
        """Forget the faults, and switch every trap off."""
        self._control().replace(())
        return self._all()

    async def read_one(self, request: web.Request) -> web.Response:
        """Answer with one fault or trap."""
        found = self._control().named(request.match_info["name"])
        return self._one(request, found)

    async def switch(self, request: web.Request) -> web.Response:
        """Switch one on or off."""
        body = await _body(request)
        on = body.get("on") if isinstance(body, dict) and len(body) == 1 else None
        if not isinstance(on, bool):
            raise web.HTTPBadRequest(reason='Expected {"on": true} or {"on": false}')
        return self._one(request, self._control().switch(request.match_info["name"], on=on))

    async def remove(self, request: web.Request) -> web.Response:
        """Forget one, or switch a trap off."""
        if not self._control().remove(request.match_info["name"]):
            raise _unknown(request)
        return self._all()

    async def dry_run(self, request: web.Request) -> web.Response:
        """Answer what faults would have done to the requests in the journal; ``names`` are of those here."""
        body = await _body(request)
        control = self._control()
        if isinstance(body, dict) and isinstance(body.get("names"), list):
            faults = [fault for fault in control.listed() if fault.name in body["names"]]
        else:
            faults = _faults(body)
        found = control.dry_run(faults, self._entries())
        return _json(
            {
                "items": [
                    {
                        "name": run.fault.name,
                        "matched": run.matched,
                        "struck": [entry.as_summary() for entry in run.struck],
                    }
                    for run in found
                ]
            }
        )

    def _all(self) -> web.Response:
        from idnode.node.interceptors.faults.control import described  # noqa: PLC0415  # late

        control = self._control()
        items = [described(control, fault) for fault in control.listed()]
        return _json({"seed": control.seed, "items": items})

    def _one(self, request: web.Request, found: Fault | None) -> web.Response:
        from idnode.node.interceptors.faults.control import described  # noqa: PLC0415  # late

        if found is None:
            raise _unknown(request)
        return _json(described(self._control(), found))


def _unknown(request: web.Request) -> web.HTTPNotFound:
    name = " ".join(request.match_info["name"].split())[:64]
    return web.HTTPNotFound(reason=f"There is no fault named {name}")


def _faults(body: Any) -> list[Fault]:
    from idnode.node.interceptors.faults.fault import FaultsInvalid, read_faults  # noqa: PLC0415  # late

    try:
        return read_faults(body)
    except FaultsInvalid as error:
        raise web.HTTPBadRequest(reason=_one_line(error)) from error


async def _body(request: web.Request) -> Any:
    """Return the JSON of a request; its content type is insisted on, for no page in a browser sends it unasked."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Expected application/json")
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise web.HTTPBadRequest(reason="The body is no JSON") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _json(body: Any) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
