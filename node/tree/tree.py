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
from idnode.node.addresses import url_of
from idnode.node.defaults import SettingsRefused
from idnode.node.runtime import Node
from idnode.node.shared import Shared
from idnode.node.tree.certificates import (
    ROOT_FILE,
    Issuer,
    broken_chains,
    sample,
)
from idnode.node.tree.delegations import delegate, lay_root, write_once
from idnode.node.tree.derive import settings_of
from idnode.node.tree.sites import TreeSites
from idnode.registry.fetching import fetched
from idnode.registry.handle.certification.keys import pem_of
from idnode.registry.handle.clock import MovableClock
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.types.hs_site import encode_site

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
        self._sites = TreeSites(topology, self.here)
        self._shared = Shared(manage, self._sites.join)
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
            near = [*self.topology.children_of(node), *self.topology.site_of(node)]
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
        # One that fails ends the others, who may be waiting for it: servers of one site know each other.
        try:
            async with asyncio.TaskGroup() as starting:
                tasks = [starting.create_task(self._start_node(node)) for node in nodes]
                await asyncio.gather(*tasks)
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

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

    def _above(self, node: TreeNode) -> dict[str, Any]:
        """Return the settings by which a recursive node finds the tree: its top, and the hosts that it names."""
        root = self.topology.parent_of(node)
        assert root is not None
        host = self.topology.host_of(root)
        running = self.nodes.get(root.name)
        port = root.handle_port if running is None else running.addresses.handle_tcp[1]
        hosts = sorted({self.topology.host_of(each) for each in self.topology.node})
        found: dict[str, Any] = {
            "recursive_root": f"{host}:{port}",
            "recursive_hosts": ",".join(hosts),
        }
        if running is not None:
            found["recursive_trust"] = self._base.data_dir / ROOT_FILE
        return found

    async def _told(self, node: TreeNode) -> None:
        """Have what hangs together with a node know of it: its parent, and it of its children."""
        started = self.nodes[node.name]
        if node.role == "national":
            issuer = self._issuer(node)
            await lay_root(started.register, started.services.site.site, issuer)
            root = self._base.data_dir / ROOT_FILE
            await asyncio.to_thread(
                root.write_bytes, pem_of(started.services.site.signing_key.public_key())
            )
        else:
            await self._sign_samples(node)
        parent = self.topology.parent_of(node)
        if parent is not None and node.role != "recursive" and parent.name in self.nodes:
            await self._delegate(parent, node, started.services.site.site)
        if node.role == "secondary" and parent is not None:
            self._dock(started, parent)
        for child in self.topology.children_of(node):
            if child not in self.here:
                await self._delegate(
                    node, child, encode_site(self._sites.by_file(self.topology.site_of(child)))
                )

    async def _delegate(self, parent: TreeNode, child: TreeNode, site: bytes) -> None:
        register, issuer = self.nodes[parent.name].register, self._issuer(parent)
        if await delegate(register, child.prefix, site, child.title, issuer):
            _log.info("%s refers %s and all below it to %s", parent.name, child.prefix, child.name)

    def _dock(self, node: Node, national: TreeNode) -> None:
        """Have a secondary node file its enterprises at the national one, if it is known where that listens."""
        running = self.nodes.get(national.name)
        if running is not None:
            node.dock(url_of(running.addresses.http))
        elif national.http_port:
            node.dock(url_of((self.topology.host_of(national), national.http_port)))

    def _issuer(self, node: TreeNode) -> Issuer:
        key = self.nodes[node.name].services.site.signing_key
        national = node.role == "national"
        return Issuer(node.prefix.encode(), key, self._clock.now(), root=national)

    async def _sign_samples(self, node: TreeNode) -> None:
        """Have a node hold a signed record, and the first secondary one those with broken chains."""
        if len(self.topology.site_of(node)) > 1:
            return
        issuer, register = self._issuer(node), self.nodes[node.name].register
        records = dict([sample(issuer)])
        first = next((each for each in self.topology.node if each.role == "secondary"), None)
        broken = node.prefix.encode() + b"/broken-expired"
        if node == first and await fetched(lambda: register.lookup(broken)) is None:
            records |= await asyncio.to_thread(broken_chains, issuer)
        await write_once(register, records, int(self._clock.now()))

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
            await self._delegate(parent, child, site)
        except (ClientError, RegistryError) as error:
            _log.debug("%s does not tell its site record: %s", child.name, error)
            return False
        return True
