"""The topology of a tree: its nodes, as a TOML file names them.

A name is what metrics call a node, so it is short and plain; names, prefixes and parents are checked together, since a
tree that does not hang together would only say "not found".
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from idnode.node.defaults import SettingsRefused
from idnode.registry.datasets.choice import seed_of

if TYPE_CHECKING:
    from pathlib import Path

RECURSIVE_PORT: Final = 3641
RECURSIVE_PREFIX: Final = "0.RECURSIVE"
"""The prefix of a recursive node itself, which hangs in no tree."""

NODES_MAX: Final = 256

_PARENTS: Final = {
    "national": None,
    "secondary": "national",
    "enterprise": "secondary",
    "recursive": "national",
}
"""The role of the node that a node of each role hangs below; a recursive node starts from it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TreeNode(_Part):
    """One node.

    Ports are 0 for any free one. ``parent`` may be left out while there is only one node that it can be. Without a
    ``prefix`` of its own only a recursive node is. Nodes with one prefix are one site, among whose servers handles are
    spread by the part that ``hash`` names. ``settings`` are any further ones, as `idnode settings` lists them.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    role: Literal["national", "secondary", "enterprise", "recursive"]
    title: str = ""
    industry: str = ""
    prefix: str = RECURSIVE_PREFIX
    parent: str = ""
    host: str = ""
    hash: Literal["prefix", "suffix", "handle"] | None = None
    handle_port: int = Field(0, ge=0, le=65535)
    http_port: int = Field(0, ge=0, le=65535)
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _recursive_port(cls, found: Any) -> Any:
        """Have a recursive node listen where clients look for one."""
        if isinstance(found, dict) and found.get("role") == "recursive":
            return {"handle_port": RECURSIVE_PORT, **found}
        return found


class Topology(_Part):
    """A whole tree; `host`, ``admin_port`` and ``dataset`` are common to all nodes of a process."""

    name: str = "tree"
    host: str = "127.0.0.1"
    admin_port: int = Field(8641, ge=0, le=65535)
    dataset: str = ""
    node: tuple[TreeNode, ...] = Field(min_length=1, max_length=NODES_MAX)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.dataset:
            seed_of(self.dataset)
        names = [node.name for node in self.node]
        twice = sorted({each for each in names if names.count(each) > 1})
        if twice:
            raise ValueError(f"two nodes have the name {twice[0]}")
        for node in self.node:
            self._check(node)
        return self

    def on_free_ports(self) -> Self:
        """Return the same tree with any free port in the place of each."""
        nodes = tuple(
            node.model_copy(update={"handle_port": 0, "http_port": 0}) for node in self.node
        )
        return self.model_copy(update={"admin_port": 0, "node": nodes})

    def _check_site(self, node: TreeNode) -> None:
        members = self.site_of(node)
        if len(members) == 1:
            return
        if len({(each.role, each.parent, each.hash) for each in members}) > 1 or not node.hash:
            raise ValueError(
                f"two nodes have the prefix {node.prefix}: a site of several servers takes one role, one parent "
                "and one `hash` (prefix, suffix or handle)"
            )

    def site_of(self, node: TreeNode) -> tuple[TreeNode, ...]:
        """Return the servers of the site that a node belongs to, in their order; mostly it is alone."""
        if node.role == "recursive":
            return (node,)
        return tuple(
            each for each in self.node if each.prefix == node.prefix and each.role != "recursive"
        )

    def _check(self, node: TreeNode) -> None:
        self._check_site(node)
        parent = self.parent_of(node)
        if node.role == "recursive":
            return
        if node.prefix == RECURSIVE_PREFIX:
            raise ValueError(f"node {node.name} has no prefix")
        if parent is not None and not node.prefix.startswith(f"{parent.prefix}."):
            raise ValueError(
                f"the prefix {node.prefix} of node {node.name} is not below {parent.prefix}, "
                f"that of its parent {parent.name}"
            )

    def parent_of(self, node: TreeNode) -> TreeNode | None:
        """Return the node that a node hangs below, None for the national one.

        Raises:
            ValueError: There is no such node, or more than one that it could be.

        """
        role = _PARENTS[node.role]
        if role is None:
            if node.parent:
                raise ValueError(f"the national node {node.name} hangs below nothing")
            return None
        above = [
            each
            for each in self.node
            if each.role == role and node.parent in {"", each.name} and self._above(each, node)
        ]
        if len(above) == 1:
            return above[0]
        wanted = f"{node.parent!r} as a" if node.parent else "one"
        raise ValueError(f"node {node.name} needs {wanted} {role} node as its parent")

    @staticmethod
    def _above(parent: TreeNode, node: TreeNode) -> bool:
        """Return whether prefixes tell which parent is meant where none is named."""
        return (
            bool(node.parent)
            or node.role != "enterprise"
            or node.prefix.startswith(f"{parent.prefix}.")
        )

    def children_of(self, node: TreeNode) -> tuple[TreeNode, ...]:
        """Return the nodes that this one delegates to."""
        return tuple(
            each for each in self.node if each.role != "recursive" and self.parent_of(each) == node
        )

    def named(self, name: str) -> TreeNode:
        """Return the node with a name.

        Raises:
            KeyError: There is none.

        """
        for node in self.node:
            if node.name == name:
                return node
        raise KeyError(name)

    def host_of(self, node: TreeNode) -> str:
        """Return the host that a node binds to and is reached at."""
        return node.host or self.host


def read_topology(path: Path | None) -> Topology:
    """Return the topology of a file, Suzhou without one.

    Raises:
        SettingsRefused: The file cannot be read, or is no topology; the message says where.

    """
    try:
        if path is None:
            text = resources.files("idnode.node.tree").joinpath("suzhou.toml").read_text("utf-8")
        else:
            text = path.read_text("utf-8")
        return Topology.model_validate(tomllib.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"cannot read the topology {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsRefused(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise SettingsRefused(f"{path or 'suzhou.toml'}: {_explained(error)}") from error


def _explained(error: ValidationError) -> str:
    found = []
    for problem in error.errors(include_url=False, include_context=False):
        where = ".".join(map(str, problem["loc"]))
        said = problem["msg"].removeprefix("Value error, ")
        found.append(f"{where}: {said}" if where else said)
    return "; ".join(found)
