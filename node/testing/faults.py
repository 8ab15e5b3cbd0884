"""The faults of a node in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idnode.node.testing.node import Node

_PATH: Final = "/api/v1/faults"
_RULE: Final = ("name", "match", "action", "by_header", "en", "zh")


class Faults:
    """Switches faults of a node on and off: traps of the library by name, or rules of one's own."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def on(self, name: str, **when: Any) -> None:
        """Switch a trap of the library on, or a rule that is there; ``when`` changes its moment, as ``next=1``."""
        if when:
            fault = self._node.manage("GET", f"{_PATH}/{quote(name)}")
            kept = {member: fault[member] for member in _RULE if member in fault}
            self.add(kept | {"when": when, "on": True})
        else:
            self._node.manage("PUT", f"{_PATH}/{quote(name)}", {"on": True})

    def off(self, name: str) -> None:
        """Switch one off."""
        self._node.manage("PUT", f"{_PATH}/{quote(name)}", {"on": False})

    def add(self, *rules: Mapping[str, Any]) -> None:
        """Have these rules (name, match, action, when), too, each in the place of its namesake."""
        self._node.manage("POST", _PATH, {"faults": list(rules)})

    def replace(self, *rules: Mapping[str, Any], seed: int | None = None) -> None:
        """Have these rules and no others; one seed gives one sequence."""
        body: dict[str, Any] = {"faults": list(rules)}
        self._node.manage("PUT", _PATH, body if seed is None else body | {"seed": seed})

    def items(self) -> list[dict[str, Any]]:
        """Return every rule and trap, on and off, with the number of requests it matched and struck."""
        found: list[dict[str, Any]] = self._node.manage("GET", _PATH)["items"]
        return found

    def struck(self, name: str) -> int:
        """Return how many requests a fault struck since it was switched on."""
        return int(self._node.manage("GET", f"{_PATH}/{quote(name)}")["struck"])

    def clear(self) -> None:
        """Have none."""
        self._node.manage("DELETE", _PATH)
