"""Sites of several servers: nodes with one prefix, among which its handles are spread by their hash.

Each of them tells its own server, waits for the others of this process, and gets the site record of them all, in the
order of the topology (handle-protocol.md §3.4 and §9). Servers of other processes are what the topology says of them.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from idnode.clients.tracing.place import NODE_ATTRIBUTE, ROLE_ATTRIBUTE
from idnode.registry.handle.types.hs_site import (
    HASH_BY_PREFIX,
    HASH_BY_SUFFIX,
    HASH_BY_WHOLE,
    Interface,
    Server,
    Site,
    pack_address,
)
from idnode.registry.handle.wire.constants import InterfaceType, Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.node.tree.topology import Topology, TreeNode

HASH_OPTIONS: Final = {
    "prefix": HASH_BY_PREFIX,
    "suffix": HASH_BY_SUFFIX,
    "handle": HASH_BY_WHOLE,
}


class TreeSites:
    """The sites of a topology; ``here`` are the nodes that run in this process."""

    def __init__(self, topology: Topology, here: Sequence[TreeNode]) -> None:
        self._topology = topology
        self._here = {node.name for node in here}
        self._own: dict[str, Server] = {}
        self._told = asyncio.Condition()

    async def join(self, name: str, own: Site) -> Site:
        """Return the site that a node belongs to; ``own`` is its site record if it were alone."""
        members = self._topology.site_of(self._topology.named(name))
        if len(members) == 1:
            return own
        async with self._told:
            self._own[name] = own.servers[0]
            self._told.notify_all()
            await self._told.wait_for(lambda: all(self._is_known(node) for node in members))
        return replace(self.by_file(members), attributes=_attributes(members))

    def _is_known(self, node: TreeNode) -> bool:
        return node.name in self._own or node.name not in self._here

    def by_file(self, members: Sequence[TreeNode]) -> Site:
        """Return a site by what is known of its servers: what they told, else what the topology says."""
        servers = tuple(
            replace(self._own.get(node.name) or self._by_file(node), server_id=number)
            for number, node in enumerate(members, start=1)
        )
        option = HASH_OPTIONS.get(members[0].hash or "", HASH_BY_WHOLE)
        return Site(1, servers, hash_option=option)

    def _by_file(self, node: TreeNode) -> Server:
        interfaces = [
            Interface(InterfaceType.BOTH, Transport.TCP, node.handle_port),
            Interface(InterfaceType.QUERY, Transport.UDP, node.handle_port),
        ]
        if node.http_port:
            interfaces.append(Interface(InterfaceType.QUERY, Transport.HTTP, node.http_port))
        address = pack_address(self._topology.host_of(node))
        return Server(1, address, interfaces=tuple(interfaces))


def _attributes(members: Sequence[TreeNode]) -> tuple[tuple[bytes, bytes], ...]:
    """Return the attributes of a site, which name each of its nodes by its number."""
    numbered = (
        (b"%b.%d" % (NODE_ATTRIBUTE, number), node.name.encode())
        for number, node in enumerate(members, start=1)
    )
    return ((b"desc", b"idnode"), *numbered, (ROLE_ATTRIBUTE, members[0].role.encode()))
