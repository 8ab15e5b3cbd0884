"""The node's clock on the management port: read it, freeze, set, advance, speed up, reset.

One clock serves tokens, challenges, sessions, digests, TTLs and daily counts; time-outs of the network stay real.
It is moved only on a management port that this machine alone reaches.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import orjson
from aiohttp import web
from pydantic import Field, ValidationError

from idnode.node.ops.models import Model
from idnode.registry.handle.clock import EPOCH_MAX, SPEED_MAX, MovableClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.registry.handle.clock import Clock

SHIFT_MAX: Final = EPOCH_MAX
"""Most seconds of one step."""


class ClockMove(Model):
    """A change of the node's clock; exactly one member, or ``reset``."""

    freeze: Literal[True] | None = None
    set: datetime | Annotated[float, Field(ge=0, le=EPOCH_MAX)] | None = None
    advance: Annotated[float, Field(ge=-SHIFT_MAX, le=SHIFT_MAX)] | None = None
    speed: Annotated[float, Field(gt=0, le=SPEED_MAX)] | None = None
    reset: Literal[True] | None = None


class ClockReading(Model):
    """Describes what the node's clock shows, and how it goes on."""

    now: float
    """Epoch seconds."""
    time: str
    """The same as ISO 8601, in UTC."""
    offset: float
    """Seconds ahead of the machine's clock."""
    speed: float
    """Seconds that pass in a second; 0 while it is frozen."""
    moved: bool


class ClockCalls:
    """Serves ``/api/v1/clock``; ``refusal`` says why the clock is not to be moved, if it is not."""

    def __init__(self, clock: MovableClock, *, refusal: str | None) -> None:
        self._clock = clock
        self._refusal = refusal

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/clock", self.read), web.post("/api/v1/clock", self.move)]

    async def read(self, _request: web.Request) -> web.Response:
        """Answer with what the clock shows."""
        return web.Response(
            body=reading_of(self._clock).model_dump_json().encode(), content_type="application/json"
        )

    async def move(self, request: web.Request) -> web.Response:
        """Move the clock and answer with what it shows then."""
        if self._refusal is not None:
            raise web.HTTPForbidden(reason=self._refusal)
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(reason="Expected application/json")
        carry_out(self._clock, await request.read())
        return await self.read(request)


def clock_routes(clock: Clock, *, loopback: bool) -> list[web.RouteDef]:
    """Return the routes of a clock that can be moved, none of another; it moves only on ``loopback``."""
    if not isinstance(clock, MovableClock):
        return []
    refusal = None if loopback else "The clock moves only while the node is on loopback"
    return ClockCalls(clock, refusal=refusal).routes()


def reading_of(clock: MovableClock) -> ClockReading:
    """Return what a clock shows."""
    state = clock.state()
    return ClockReading(
        now=round(state.now, 6),
        time=datetime.fromtimestamp(state.now, UTC).isoformat(timespec="milliseconds"),
        offset=round(state.offset, 3),
        speed=state.speed,
        moved=state.moved,
    )


def carry_out(clock: MovableClock, body: bytes) -> None:
    """Move a clock as a request's body says.

    Raises:
        web.HTTPBadRequest: The body names no move, or several, or one out of bounds.

    """
    try:
        asked = ClockMove.model_validate(orjson.loads(body))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise web.HTTPBadRequest(reason=_complaint(error)) from error
    moves = asked.model_dump(exclude_none=True)
    if len(moves) != 1:
        raise web.HTTPBadRequest(
            reason="Expected one of freeze, set, advance, speed and reset, and nothing else"
        )
    ((name, value),) = moves.items()
    steps: dict[str, Callable[[Any], None]] = {
        "freeze": lambda _: clock.freeze(),
        "set": lambda at: clock.set(_seconds(at)),
        "advance": clock.advance,
        "speed": clock.run,
        "reset": lambda _: clock.reset(),
    }
    try:
        steps[name](value)
    except ValueError as error:
        raise web.HTTPBadRequest(reason=str(error)) from error


def _seconds(at: datetime | float) -> float:
    """Return epoch seconds; a date without an offset is meant in UTC."""
    if isinstance(at, datetime):
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    return at


def _complaint(error: orjson.JSONDecodeError | ValidationError) -> str:
    if isinstance(error, orjson.JSONDecodeError):
        return "The body is no JSON"
    found = error.errors()[0]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
