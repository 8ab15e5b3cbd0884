"""Runs the nodes of a topology in one process and one event loop, or those of them that are named.

All nodes start side by side, recursive ones last. Once a node is ready its parent is told: the parent's register
gets the prefix handle by which it refers to the node. Nodes of other processes are asked for their site records over
the network, at the addresses that the topology names, until they answer.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from idnode.clients import aio
from idnode.clients.errors import ClientError
from idnode.node.defaults import SettingsRefused
from idnode.node.runtime import Node
from idnode.node.shared import Shared
from idnode.node.tree.delegations import delegate, lay_root
from idnode.node.tree.derive import settings_of
from idnode.registry.handle.clock import MovableClock
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.types.hs_site import (
    Interface,
    Server,
    Site,
    decode_site,
    encode_site,
    pack_address,
)
from idnode.registry.handle.wire.constants import InterfaceType, Transport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiohttp import web

    from idnode.node.settings import Settings
    from idnode.node.tree.topology import Topology, TreeNode
    from idnode.registry.handle.clock import Clock

ASK_AGAIN_SECONDS: Final = 5.0
"""Time between two questions to a node of another process that did not answer yet."""

_log = logging.getLogger(__name__)


class NodeUnknown(LookupError):
    """The topology names no such node, or it runs in another process."""


class Tree:
    """The nodes of this process. ``manage`` serves their management apps; ``only`` names those that run here, all without."""

    def __init__(  # noqa: PLR0913  # called once, by the command
        self,
        topology: Topology,
        base: Settings,
        *,
        seed: int,
        manage: Callable[[str, web.Application], Awaitable[tuple[str, int]]],
        only: Sequence[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self.topology = topology
        self.nodes: dict[str, Node] = {}
        """The nodes that run here, by name."""
        self.here = tuple(node for node in topology.node if not only or node.name in only)
        self._base = base
        self._seed = seed
        self._clock = clock or MovableClock()
        self._shared = Shared(manage)
        self._ports: dict[str, dict[str, int]] = {}
        self._changing = asyncio.Lock()
        self._asking: asyncio.Task[None] | None = None
        unknown = sorted(set(only) - {node.name for node in topology.node})
        if unknown:
            raise SettingsRefused(f"the topology has no node {unknown[0]!r}")
        self._check_others()

    def _check_others(self) -> None:
        """Refuse to leave out a node that one of ours has to find, and has no port of its own in the file."""
        for node in self.here:
            near = [*self.topology.children_of(node)]
            if node.role == "recursive":
                near += filter(None, [self.topology.parent_of(node)])
            for other in near:
                if other not in self.here and not other.handle_port:
                    raise SettingsRefused(
                        f"node {other.name} runs in another process, so the topology has to name its "
                        "handle_port"
                    )

    async def start(self) -> None:
        """Start every node, and tell parents of their children.

        Raises:
            PortRefused: A port cannot be had.
            SettingsRefused: A node's settings cannot be used.
            RegistryError: A data directory is in use or damaged.
            OSError: The disk refused.

        """
        try:
            ours = [node for node in self.here if node.role != "recursive"]
            await self._start_all(ours)
            for node in ours:
                await self._told(node)
            await self._start_all([node for node in self.here if node.role == "recursive"])
        except BaseException:
            await self.stop()
            raise
        self._shared.started.set()
        if self._others():
            self._asking = asyncio.get_running_loop().create_task(self._ask_others())

    async def stop(self) -> None:
        """Stop every node."""
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking
        nodes, self.nodes = list(self.nodes.values()), {}
        await asyncio.gather(*(node.stop() for node in nodes))
        self._shared.offload.close()

    @property
    def log_failed(self) -> bool:
        """Return whether a log failed for good while its node ran."""
        return any(node.log_failed for node in self.nodes.values())

    def stopped(self) -> list[str]:
        """Return the names of the nodes that belong here and do not run."""
        return [node.name for node in self.here if node.name not in self.nodes]

    async def stop_node(self, name: str) -> None:
        """Stop one node of this process; the others go on.

        Raises:
            NodeUnknown: It does not run here.

        """
        async with self._changing:
            node = self.nodes.pop(name, None)
            if node is None:
                raise NodeUnknown(f"no node {name} runs here")
            await node.stop()

    async def start_node(self, name: str) -> None:
        """Start a node of this process that was stopped, on the ports that it had.

        Raises:
            NodeUnknown: It does not belong here.
            PortRefused: Somebody else has its port now.

        """
        async with self._changing:
            found = next((node for node in self.here if node.name == name), None)
            if found is None:
                raise NodeUnknown(f"no node {name} belongs here")
            if name not in self.nodes:
                await self._start_node(found)
                await self._told(found)

    async def _start_all(self, nodes: Sequence[TreeNode]) -> None:
        outcomes = await asyncio.gather(
            *(self._start_node(node) for node in nodes), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _start_node(self, node: TreeNode) -> None:
        further: dict[str, Any] = dict(self._ports.get(node.name, {}))
        if node.role == "recursive":
            further |= self._above(node)
        settings = settings_of(self.topology, node, self._base, further=further)
        started = Node(settings, seed=self._seed, clock=self._clock, shared=self._shared)
        await started.start()
        self.nodes[node.name] = started
        addresses = started.addresses
        self._ports[node.name] = {
            "handle_port": addresses.handle_tcp[1],
            "http_port": addresses.http[1],
        }

    def _above(self, node: TreeNode) -> dict[str, str]:
        """Return the settings by which a recursive node finds the tree: its top, and the hosts that it names."""
        root = self.topology.parent_of(node)
        assert root is not None
        host = self.topology.host_of(root)
        running = self.nodes.get(root.name)
        port = root.handle_port if running is None else running.addresses.handle_tcp[1]
        hosts = sorted({self.topology.host_of(each) for each in self.topology.node})
        return {"recursive_root": f"{host}:{port}", "recursive_hosts": ",".join(hosts)}

    async def _told(self, node: TreeNode) -> None:
        """Have what hangs together with a node know of it: its parent, and it of its children."""
        started = self.nodes[node.name]
        if node.role == "national":
            site = started.services.site.site
            await lay_root(started.register, node.prefix, site, int(self._clock.now()))
        parent = self.topology.parent_of(node)
        if parent is not None and node.role != "recursive" and parent.name in self.nodes:
            await self._delegate(parent, node, started.services.site.site)
        for child in self.topology.children_of(node):
            if child not in self.here:
                await self._delegate(node, child, self._site_by_file(child))

    async def _delegate(self, parent: TreeNode, child: TreeNode, site: bytes) -> None:
        register, now = self.nodes[parent.name].register, int(self._clock.now())
        if await delegate(register, child.prefix, site, child.title, now):
            _log.info("%s refers %s and all below it to %s", parent.name, child.prefix, child.name)

    def _site_by_file(self, node: TreeNode) -> bytes:
        """Return a site record of a node of another process, from what the topology says of it."""
        interfaces = [
            Interface(InterfaceType.BOTH, Transport.TCP, node.handle_port),
            Interface(InterfaceType.QUERY, Transport.UDP, node.handle_port),
        ]
        if node.http_port:
            interfaces.append(Interface(InterfaceType.QUERY, Transport.HTTP, node.http_port))
        address = pack_address(self.topology.host_of(node))
        return encode_site(Site(1, (Server(1, address, interfaces=tuple(interfaces)),)))

    def _others(self) -> list[tuple[TreeNode, TreeNode]]:
        """Return the children that run in other processes, each with its parent."""
        return [
            (node, child)
            for node in self.here
            for child in self.topology.children_of(node)
            if child not in self.here
        ]

    async def _ask_others(self) -> None:
        """Ask nodes of other processes for their site records until all have told theirs."""
        left = self._others()
        while left:
            left = [pair for pair in left if not await self._asked(*pair)]
            if left:
                await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def _asked(self, parent: TreeNode, child: TreeNode) -> bool:
        if parent.name not in self.nodes:
            return False
        server = (self.topology.host_of(child), child.handle_port)
        try:
            async with aio.Client(server, clock=self._clock) as client:
                site = encode_site(await client.site())
            decode_site(site)
            await self._delegate(parent, child, site)
        except (ClientError, RegistryError) as error:
            _log.debug("%s does not tell its site record: %s", child.name, error)
            return False
        return True
