"""Reset and named states on the management port.

Whoever may reset a node may destroy what is on it, so these calls need the setting ``allow_reset`` and a node that
only this machine reaches.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

import orjson
from aiohttp import web
from pydantic import Field, ValidationError

from idnode.node.ops.models import Model
from idnode.node.service.answers import answer_for, text_for
from idnode.node.service.errors import ServiceError
from idnode.registry.handle.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FIRST_START: Final = "first-start"
"""The state that a node keeps at its first start, if it may be reset."""

NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
"""Names that can be nothing but one folder."""

_NAMED: Final = "/api/v1/states/{name}"


class StatesUnsupported(Exception):
    """The register's engine, or the directory's database, cannot keep states."""


class StateUnknown(Exception):
    """There is no state of this name."""


class Reset(Model):
    """The state to return to; without one that of the first start."""

    state: Annotated[str, Field(strict=True, min_length=1, max_length=100)] | None = None


class Returned(Model):
    """Tells how long a return took."""

    milliseconds: float


class Forgotten(Model):
    """Names a state that is gone."""

    name: str


class KeptState(Model):
    """A state; its time is epoch seconds of the node's clock."""

    name: str
    created: int
    identifiers: int


class KeptStates(Model):
    """All states, oldest first."""

    items: list[KeptState]


class Keeper(Protocol):
    """Describes what these calls stand on; see `idnode.node.states`."""

    def listed(self) -> list[dict[str, Any]]:
        """Return what there is."""

    async def save(self, name: str) -> dict[str, Any]:
        """Keep the present state."""

    async def load(self, name: str) -> float:
        """Return to a state."""

    async def delete(self, name: str) -> None:
        """Forget a state."""


class StateCalls:
    """Serves the calls; ``states`` returns None while the node is starting, ``refusal`` says why none is served."""

    def __init__(self, states: Callable[[], Keeper | None], refusal: str | None) -> None:
        self._states = states
        self._refusal = refusal

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/api/v1/reset", self._answered(self.reset)),
            web.get("/api/v1/states", self._answered(self.list), allow_head=False),
            web.post(_NAMED, self._answered(self.save, status=201)),
            web.post(_NAMED + "/load", self._answered(self.load)),
            web.delete(_NAMED, self._answered(self.delete)),
        ]

    async def reset(self, states: Keeper, request: web.Request) -> Any:
        """Return to the state of the first start, or to the one that the body names."""
        try:
            asked = Reset.model_validate_json(await request.read() or b"{}")
        except ValidationError as error:
            raise web.HTTPBadRequest(reason='Expected {"state": "NAME"} or {}') from error
        return await _returned(states, FIRST_START if asked.state is None else asked.state)

    async def list(self, states: Keeper, _request: web.Request) -> Any:
        """Return every state."""
        return {"items": states.listed()}

    async def save(self, states: Keeper, request: web.Request) -> Any:
        """Keep the present state under the name in the path."""
        return await states.save(_own_name(request))

    async def load(self, states: Keeper, request: web.Request) -> Any:
        """Return to the state in the path."""
        return await _returned(states, request.match_info["name"])

    async def delete(self, states: Keeper, request: web.Request) -> Any:
        """Forget the state in the path."""
        name = _own_name(request)
        await states.delete(name)
        return {"name": name}

    def _answered(
        self, call: Callable[[Keeper, web.Request], Awaitable[Any]], *, status: int = 200
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Return the handler that answers with what a call returns, or with what it raises."""

        async def answer(request: web.Request) -> web.Response:
            if self._refusal is not None:
                raise web.HTTPForbidden(reason=self._refusal)
            states = self._states()
            if states is None:
                raise web.HTTPServiceUnavailable(reason="The node is starting")
            try:
                return _json(await call(states, request), status)
            except StateUnknown as error:
                return _refused(404, _missing(str(error)))
            except StatesUnsupported:
                return _refused(
                    501, "Only the embedded register with a directory in SQLite keeps states"
                )
            except FileExistsError as error:
                return _refused(409, f"There is a state named {error}: delete it first")
            except (ServiceError, RegistryError) as error:
                said = text_for(error) or str(error) or type(error).__name__
                return _refused(answer_for(error).http_status, said)
            except OSError as error:
                return _refused(507, f"The disk refused: {error.strerror}")

        return answer


async def _returned(states: Keeper, name: str) -> dict[str, float]:
    if not NAME.fullmatch(name):
        raise StateUnknown(name)
    return {"milliseconds": round(await states.load(name) * 1000, 3)}


def _own_name(request: web.Request) -> str:
    """Return the name in the path, which must be one that callers may give."""
    name = request.match_info["name"]
    if not NAME.fullmatch(name):
        raise web.HTTPBadRequest(
            reason="A name has letters, digits, - _ . and 100 characters at most"
        )
    if name == FIRST_START:
        raise web.HTTPConflict(reason=f"{FIRST_START} is the node's own state")
    return name


def _missing(name: str) -> str:
    if name == FIRST_START:
        return (
            "This data directory was first started without allow_reset, so the state of its first start was not "
            "kept: start a fresh one, or keep a state with `idnode state save NAME` and name it"
        )
    return f"There is no state named {name}"


def _refused(status: int, message: str) -> web.Response:
    return _json({"message": message}, status)


def _json(body: Any, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
