"""The nodes that a recursive node asks: a socket client for each, the one used longest ago closed for a new one.

Only hosts that the settings name are asked, wherever a referral points.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from idnode.clients import aio
from idnode.clients.answer import Transport
from idnode.clients.errors import ConnectionFailed
from idnode.clients.request import Schedule

if TYPE_CHECKING:
    from idnode.clients.answer import Answer
    from idnode.clients.tracing.place import Place
    from idnode.clients.tracing.walk import Step
    from idnode.registry.handle.clock import Clock

SERVERS_MAX: Final = 64
"""Servers with an open client."""

SCHEDULE: Final = Schedule(sends_at=(0.0, 0.3, 0.8), udp_seconds=1.5, stream_seconds=2.0)
"""Shorter than that of clients, who wait for us."""

_Server = tuple[str, int]


class Upstream:
    """Asks the nodes of a tree; ``hosts`` are those that may be asked."""

    def __init__(self, hosts: frozenset[str], clock: Clock) -> None:
        self._hosts = hosts
        self._clock = clock
        self._clients: OrderedDict[_Server, aio.Client] = OrderedDict()

    def may_ask(self, place: Place) -> bool:
        """Return whether a server may be asked."""
        return place.host in self._hosts

    async def ask(self, step: Step) -> Answer:
        """Return the answer of one server.

        Raises:
            NotAnswered: No usable answer came.

        """
        place = step.place
        if place.port is None:
            raise ConnectionFailed(f"{place} names no port of the binary protocol")
        transport = Transport.TCP if place.udp is None else Transport.UDP
        client = await self._client((place.host, place.port))
        return await client.query(step.question, transport=transport)

    async def described(self, place: Place) -> Place:
        """Return a server with what its site record says of it, if it answers."""
        if place.port is None:
            return place
        told = await (await self._client((place.host, place.port))).place()
        return replace(place, node=told.node, role=told.role) if told.node else place

    async def close(self) -> None:
        """Close every socket."""
        clients, self._clients = self._clients, OrderedDict()
        for client in clients.values():
            await client.close()

    async def _client(self, server: _Server) -> aio.Client:
        client = self._clients.get(server)
        if client is None:
            client = self._clients[server] = aio.Client(
                server, schedule=SCHEDULE, clock=self._clock
            )
        self._clients.move_to_end(server)
        if len(self._clients) > SERVERS_MAX:
            _, oldest = self._clients.popitem(last=False)
            await oldest.close()
        return client
