"""Fixtures on the management port: give them to the node, tell what it has, show their form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from idnode.node.fixtures.reading import FixtureText

BODY_BYTES_MAX: Final = 64 << 20
"""Largest body, far above what one request carries elsewhere on this port: a file of identifiers is large."""

_PATH: Final = "/api/v1/fixtures"


class Giver(Protocol):
    """Describes what these calls stand on; see `idnode.node.fixtures.giving`."""

    async def apply(self, files: Sequence[FixtureText]) -> dict[str, Any]:
        """Have the node be as files say."""

    def dump(self, prefix: str = "") -> AsyncIterator[dict[str, Any]]:
        """Yield what the node has."""


class FixtureCalls:
    """Serves ``/api/v1/fixtures``; ``giver`` returns None while the node is starting."""

    def __init__(self, giver: Callable[[], Giver | None]) -> None:
        self._giver_or_none = giver

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(_PATH, self.dump, allow_head=False),
            web.post(_PATH, self.apply),
            web.get(_PATH + "/schema", self.schema, allow_head=False),
        ]

    @property
    def _giver(self) -> Giver:
        giver = self._giver_or_none()
        if giver is None:
            raise web.HTTPServiceUnavailable(reason="The node is starting")
        return giver

    async def apply(self, request: web.Request) -> web.Response:
        """Give what the body says: one file of JSON, or several files under ``files``."""
        from idnode.node.fixtures.reading import FixturesRefused  # noqa: PLC0415  # late
        from idnode.node.service.answers import answer_for, text_for  # noqa: PLC0415
        from idnode.registry.handle.errors import RegistryError  # noqa: PLC0415

        giver = self._giver
        files = _files(await _body(request))
        try:
            return _json(await giver.apply(files))
        except FixturesRefused as error:
            problems = [problem._asdict() for problem in error.problems]
            return _json({"message": str(error), "problems": problems}, status=400)
        except RegistryError as error:
            message = text_for(error) or type(error).__name__
            return _json({"message": message}, status=answer_for(error).http_status)

    async def dump(self, request: web.Request) -> web.StreamResponse:
        """Answer with what the node has, a line of JSON for each."""
        giver = self._giver
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        async for line in giver.dump(request.query.get("prefix", "")):
            await response.write(orjson.dumps(line) + b"\n")
        await response.write_eof()
        return response

    async def schema(self, _request: web.Request) -> web.Response:
        """Answer with the JSON Schema of a fixture file."""
        from idnode.node.fixtures.models import schema  # noqa: PLC0415  # late

        return _json(schema())


def _files(body: bytes) -> list[FixtureText]:
    from idnode.node.fixtures.reading import FixtureText  # noqa: PLC0415  # late
    from idnode.node.ops.fixture_models import GivenFiles  # noqa: PLC0415

    try:
        text = body.decode()
        found = orjson.loads(body)
    except ValueError:  # told with its line, as a file's
        return [FixtureText("body.json", body.decode(errors="replace"))]
    if not isinstance(found, dict) or "files" not in found:
        return [FixtureText("body.json", text)]
    try:
        files = GivenFiles.model_validate(found).files
    except ValueError as error:
        raise web.HTTPBadRequest(
            reason='Expected {"files": [{"name": "NAME.toml|json|ndjson", "text": "…"}]}'.replace(
                "…", "..."
            )
        ) from error
    return [FixtureText(file.name, file.text) for file in files]


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(BODY_BYTES_MAX, len(body))
    return bytes(body)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
