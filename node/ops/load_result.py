"""The result of the last load test on the management port: the load test leaves it, the console shows it.

It is kept in memory, one at a time, and gone after a restart; the file that the load test wrote stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from idnode.registry.handle.clock import Clock

PATH: Final = "/api/v1/load/result"

RESULT_BYTES_MAX: Final = 1 << 18
"""Longest result that is taken; one of all operations with its curves has about 10 kB."""


class LoadResult(BaseModel):
    """Members of a ``result.json`` (loadtests/README.md) that pages need; the others are kept as they are."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    exit_code: int
    verdict: str = Field(max_length=1000)
    seconds: float
    profile: dict[str, Any]
    operations: list[dict[str, Any]]
    thresholds: list[dict[str, Any]]
    all: dict[str, Any]


class KeptLoadResult(BaseModel):
    """The result that was left last, and when; both are null if none was since the node started."""

    model_config = ConfigDict(defer_build=True)

    at: float | None
    """Epoch seconds."""
    result: LoadResult | None


class LoadResultCalls:
    """Serves ``/api/v1/load/result``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept = orjson.dumps({"at": None, "result": None})

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get(PATH, self.read), web.put(PATH, self.keep)]

    async def read(self, _request: web.Request) -> web.Response:
        """Answer with the result that was left last."""
        return web.Response(body=self._kept, content_type="application/json")

    async def keep(self, request: web.Request) -> web.Response:
        """Keep a result instead of the one before."""
        body = await request.read()
        if len(body) > RESULT_BYTES_MAX:
            reason = f"A result has at most {RESULT_BYTES_MAX:,} bytes, this has {len(body):,}"
            raise web.HTTPRequestEntityTooLarge(RESULT_BYTES_MAX, len(body), reason=reason)
        try:
            found = orjson.loads(body)
            LoadResult.model_validate(found)
        except orjson.JSONDecodeError as error:
            raise web.HTTPBadRequest(reason="The body is no JSON") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the body"
            reason = f"This is no result of a load test: {place}: {first['msg']}"
            raise web.HTTPBadRequest(reason=reason) from error
        self._kept = orjson.dumps({"at": self._clock.now(), "result": found})
        return web.Response(status=204)
