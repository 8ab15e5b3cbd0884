"""Brings a tree up: its management port, its nodes, its ready file, and down again in reverse."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from idnode.node import open_files
from idnode.node.addresses import Addresses, write_ready_file
from idnode.node.binding import bind_admin, runner_options
from idnode.node.browsers import fenced
from idnode.node.build import core
from idnode.node.exposure import check_exposure
from idnode.node.ops.management import bare
from idnode.node.tree.management import TreeManagement
from idnode.node.tree.tree import Tree

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from idnode.node.settings import Settings
    from idnode.node.tree.topology import Topology
    from idnode.registry.handle.clock import Clock

_log = logging.getLogger(__name__)


@asynccontextmanager
async def running_tree(
    topology: Topology,
    base: Settings,
    *,
    seed: int,
    only: Sequence[str] = (),
    clock: Clock | None = None,
) -> AsyncIterator[tuple[Tree, tuple[str, int]]]:
    """Run the nodes of a topology, all ready once this is entered; yield them and the management address.

    Raises:
        PortRefused: A port cannot be had.
        SettingsRefused: The settings of a node cannot be used.
        RegistryError: A data directory is in use or damaged.
        OSError: The disk refused.

    """
    base = base.model_copy(update={"host": topology.host, "admin_port": topology.admin_port})
    for node in topology.node:
        check_exposure(base.model_copy(update={"host": topology.host_of(node)}))
    async with AsyncExitStack() as running:
        management = TreeManagement()
        tree = Tree(topology, base, seed=seed, manage=management.manage, only=only, clock=clock)
        app = fenced(bare(management.routes(tree)), base)
        granted = open_files.shares(base, open_files.limit())
        management.address = await bind_admin(base, app, granted, running, runner_options(base))
        running.push_async_callback(tree.stop)
        await tree.start()
        if base.ready_file is not None:
            try:
                _write_ready_file(tree, base)
            except OSError as error:
                _log.warning("%s cannot be written: %s", base.ready_file, error)
            running.callback(base.ready_file.unlink, missing_ok=True)
        yield tree, management.address


def _write_ready_file(tree: Tree, base: Settings) -> None:
    """Write where the nodes are; who knows of one node only reads of the first."""
    addresses: dict[str, Addresses] = {
        node.name: tree.nodes[node.name].addresses for node in tree.here
    }
    assert base.ready_file is not None
    first = next(iter(addresses.values()))
    write_ready_file(base.ready_file, first, core(), addresses)
