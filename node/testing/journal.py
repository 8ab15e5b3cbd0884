"""The journal of one test: what a node was asked since the test began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    from idnode.node.testing.enterprise import Enterprise
    from idnode.node.testing.node import Node

PAGE_ENTRIES: Final = 1_000
SHOWN_ENTRIES: Final = 50
"""Most entries of a failure's report: the latest."""

_PATH: Final = "/api/v1/journal"
_SINGLING: Final = ("prefix", "handle", "who", "id", "text")
"""Conditions that single out one test's requests among those of others on a shared node."""


class Journal:
    """Entries of the journal that came behind ``after``.

    On a node that others ask, too, those count that are about the test's own ``enterprise``, once it has one.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self.after: int = node.manage("GET", f"{_PATH}?limit=1")["last"]
        self.enterprise: Enterprise | None = None

    def entries(self, **match: Any) -> list[dict[str, Any]]:
        """Return the entries that meet every condition: of ``handle``, ``operation``, ``status``, …, all."""
        found: list[dict[str, Any]] = []
        after = self.after
        while True:
            query = urlencode(self._own(match) | {"after": after, "limit": PAGE_ENTRIES})
            page = self._node.manage("GET", f"{_PATH}?{query}")["items"]
            found += page
            if len(page) < PAGE_ENTRIES:
                return found
            after = page[-1]["number"]

    def entry(self, number: int) -> dict[str, Any]:
        """Return one entry whole: request and answer, field by field."""
        found: dict[str, Any] = self._node.manage("GET", f"{_PATH}/{number}")
        return found

    def assert_called(
        self,
        *,
        exactly: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        within: float = 0.0,
        **match: Any,
    ) -> None:
        """Fail unless so many requests (at least one) met every condition, now or ``within`` seconds."""
        __tracebackhide__ = True
        numbers = {"exactly": exactly, "at_least": at_least, "at_most": at_most}
        given = {name: number for name, number in numbers.items() if number is not None}
        self._verify({"match": self._own(match), **given, "within": within}, f"{match}")

    def assert_never_called(self, *, within: float = 0.0, **match: Any) -> None:
        """Fail if a request met every condition."""
        __tracebackhide__ = True
        self._verify({"match": self._own(match), "never": True, "within": within}, f"{match}")

    def assert_order(self, *matches: dict[str, Any], within: float = 0.0) -> None:
        """Fail unless requests met these conditions in this order; others may lie between them."""
        __tracebackhide__ = True
        order = [self._own(match) for match in matches]
        self._verify({"order": order, "within": within}, f"{list(matches)}")

    def text(self) -> str:
        """Return the entries for a report, one request a line and the reason of a refusal under it."""
        found = self.entries()
        lines = [line for entry in found[-SHOWN_ENTRIES:] for line in _lines(entry)]
        left_out = len(found) - SHOWN_ENTRIES
        return "\n".join([f"({left_out} earlier ones left out)", *lines] if left_out > 0 else lines)

    def _verify(self, asked: dict[str, Any], wanted: str) -> None:
        __tracebackhide__ = True
        verdict = self._node.manage("POST", f"{_PATH}/verify", asked | {"after": self.after})
        if not verdict["ok"]:
            shown = self.text() or "nothing"
            raise AssertionError(f"{wanted}: {verdict['message']}; the node was asked:\n{shown}")

    def _own(self, match: dict[str, Any]) -> dict[str, Any]:
        """Return conditions that only requests of this test meet, on a node that others ask, too."""
        if self.enterprise is None or not self._node.shared:
            return match
        if any(name in match for name in _SINGLING):
            return match
        return match | {"text": self.enterprise.mark}


def _lines(entry: dict[str, Any]) -> list[str]:
    code = entry["code"] if entry["status"] is None else entry["status"]
    fault = f"  fault {entry['fault']}" if entry["fault"] else ""
    subject = " by ".join(
        each for each in (entry["handle"], entry["account"] or entry["identity"]) if each
    )
    line = (
        f"{entry['number']:>6} {entry['time'][11:23]} {entry['face']:<12} {entry['operation']:<14} "
        f"{code!s:<5} {subject}{fault}"
    )
    why = entry["why"]
    if why is None:
        return [line]
    told = (f"{why['rule']}: {why['en']}", why["do_en"], why["zh"], why["do_zh"])
    return [line, *(f"       {text}" for text in told if text)]
