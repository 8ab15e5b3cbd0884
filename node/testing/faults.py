"""The faults of a node in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idnode.node.testing.node import Node

_PATH = "/api/v1/faults"


class Faults:
    """Switches faults of a node on and off: traps of the library by name, or rules of one's own."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def on(self, name: str) -> None:
        """Switch a trap of the library on, or a rule that was there."""
        self._node.manage("POST", f"{_PATH}/{quote(name)}/on", {})

    def off(self, name: str) -> None:
        """Switch one off."""
        self._node.manage("POST", f"{_PATH}/{quote(name)}/off", {})

    def replace(self, *rules: Mapping[str, Any], seed: int | None = None) -> None:
        """Have these rules (name, match, action, when) and no others; one seed gives one sequence."""
        body: dict[str, Any] = {"faults": list(rules)}
        self._node.manage("PUT", _PATH, body if seed is None else body | {"seed": seed})

    def list(self) -> list[dict[str, Any]]:
        """Return the rules that there are, with what they struck."""
        found: list[dict[str, Any]] = self._node.manage("GET", _PATH)["faults"]
        return found

    def clear(self) -> None:
        """Have none."""
        self._node.manage("DELETE", _PATH)
