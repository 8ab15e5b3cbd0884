"""Tells of each node of a tree: what it is, where it is, what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.addresses import url_of
from idnode.node.ops.outcomes import SUCCESS
from idnode.node.tree.derive import dataset_of
from idnode.registry.datasets.choice import make_share

if TYPE_CHECKING:
    from idnode.node.runtime import Node
    from idnode.node.tree.topology import Topology, TreeNode
    from idnode.node.tree.tree import Tree


def status_of(tree: Tree) -> dict[str, Any]:
    """Return what ``/tree`` tells: the nodes in the order of the topology, and what they hold together."""
    nodes = [_node(tree, node) for node in tree.topology.node]
    return {
        "name": tree.topology.name,
        "identifiers": sum(node["identifiers"] for node in nodes),
        "enterprises": sum(node["enterprises"] for node in nodes),
        "nodes": nodes,
    }


def _node(tree: Tree, node: TreeNode) -> dict[str, Any]:
    parent = tree.topology.parent_of(node)
    found: dict[str, Any] = {
        "name": node.name,
        "role": node.role,
        "title": node.title,
        "industry": node.industry,
        "prefix": node.prefix if node.role != "recursive" else "",
        "parent": None if parent is None else parent.name,
        "enterprises": _enterprises(tree.topology, node),
        "identifiers": 0,
    }
    started = tree.nodes.get(node.name)
    if started is None:
        here = node in tree.here
        return found | {"state": "stopped" if here else "in another process"}
    return found | _running(started)


def _running(node: Node) -> dict[str, Any]:
    addresses = node.addresses
    stats = node.register.stats()
    virtual = 0 if node.dataset is None else node.dataset.overlay.count_computed()
    volume = node.metrics.persistent_counters()
    return {
        "state": node.health.state.value,
        "handle": f"{addresses.handle_tcp[0]}:{addresses.handle_tcp[1]}",
        "http": url_of(addresses.http),
        "identifiers": virtual,
        "written": stats.identifiers,
        "targetRegistrations": node.settings.target_registrations,
        "targetResolutions": node.settings.target_resolutions,
        **{
            kind: sum(count for (_, outcome), count in counts.items() if outcome == SUCCESS)
            for kind, counts in volume.items()
        },
    }


def _enterprises(topology: Topology, node: TreeNode) -> int:
    dataset = dataset_of(topology, node)
    return 0 if dataset is None else len(make_share(dataset).enterprises)
