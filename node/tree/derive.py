"""The settings of each node of a tree, and which part of the data set it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from idnode.node.defaults import SettingsRefused
from idnode.node.settings import Settings
from idnode.registry.datasets.choice import make_share

if TYPE_CHECKING:
    from pathlib import Path

    from idnode.node.tree.topology import Topology, TreeNode

NODES: Final = "nodes"
"""The folder of the tree's data directory that holds one for each node."""

_OWN: Final = frozenset(
    {
        "data_dir",
        "host",
        "handle_port",
        "http_port",
        "admin_port",
        "prefix",
        "name",
        "role",
        "dataset",
    }
)
"""Settings that the topology gives each node itself."""


def settings_of(
    topology: Topology, node: TreeNode, base: Settings, *, further: dict[str, Any] | None = None
) -> Settings:
    """Return the settings of a node: those of the whole tree, with what the topology says of it.

    ``further`` go last: the ports that a node had before, the root that a recursive node starts from.

    Raises:
        SettingsRefused: One of the node's own settings is none, or is out of its bounds.

    """
    for name in node.settings:
        if name not in Settings.model_fields or name in _OWN:
            raise SettingsRefused(f"node {node.name}: {name!r} cannot be set there")
    dataset = dataset_of(topology, node)
    share = 0 if dataset is None else make_share(dataset).count
    whole = 0 if not topology.dataset else make_share(topology.dataset).count
    part = share / whole if whole else 0.0
    try:
        return Settings(
            **{
                **{name: getattr(base, name) for name in Settings.model_fields},
                "data_dir": folder_of(base.data_dir, node),
                "host": topology.host_of(node),
                "handle_port": node.handle_port,
                "http_port": node.http_port,
                "admin_port": 0,
                "ready_file": None,
                "prefix": node.prefix,
                "name": node.name,
                "role": node.role,
                "dataset": dataset,
                "site_http": True,
                "demo_enterprise": False,
                "target_registrations": base.target_registrations * part,
                "target_resolutions": base.target_resolutions * part,
                **node.settings,
                **(further or {}),
            }
        )
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise SettingsRefused(f"node {node.name}: {where}: {problem['msg']}") from error


def folder_of(data_dir: Path, node: TreeNode) -> Path:
    """Return the data directory of a node."""
    return data_dir / NODES / node.name


def dataset_of(topology: Topology, node: TreeNode) -> str | None:
    """Return the part of the data set that a node serves, None for nothing.

    A secondary node hosts its enterprises but for those that have nodes of their own. The servers of a site of several
    serve what is written.
    """
    if len(topology.site_of(node)) > 1:
        return None
    if not topology.dataset or node.role not in {"secondary", "enterprise"}:
        return None
    without = "+".join(child.prefix for child in topology.children_of(node))
    text = f"{topology.dataset},only={node.prefix}"
    return f"{text},except={without}" if without else text
