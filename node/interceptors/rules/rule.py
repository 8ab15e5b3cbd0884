"""A rule of the catalogue, and what it says of one refused request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from idnode.node.interceptors.rules.said.chinese import in_chinese

SPOKEN: Final = frozenset(
    (*("error", "reason", "needs", "meaning", "operation", "own", "what", "wants"), "kind", "first")
)
"""Facts that are words, not names; the Chinese line has them in Chinese."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason to refuse requests, in both languages, with ``{names}`` for the facts of one of them.

    ``en`` and ``zh`` say what was expected and what came, ``do_en`` and ``do_zh`` how to do it right; ``source`` is
    the section that the rule stands on.
    """

    id: str
    en: str
    zh: str
    do_en: str
    do_zh: str
    source: str = ""

    def why(self, **facts: Any) -> Why:
        """Return what this rule says of a request with these facts."""
        shown = {name: _shown(value) for name, value in facts.items()}
        chinese = {
            name: in_chinese(text) if name in SPOKEN else text for name, text in shown.items()
        }
        return Why(
            self.id,
            self.en.format(**shown),
            self.zh.format(**chinese),
            self.do_en.format(**shown),
            self.do_zh.format(**chinese),
            self.source,
        )


@dataclass(frozen=True, slots=True)
class Why:
    """A rule with the facts of one refused request."""

    rule: str
    en: str
    zh: str
    do_en: str
    do_zh: str
    source: str = ""

    def as_data(self) -> dict[str, str]:
        """Return it as plain data."""
        return {
            "rule": self.rule,
            "en": self.en,
            "zh": self.zh,
            "do_en": self.do_en,
            "do_zh": self.do_zh,
            "source": self.source,
        }


def _shown(value: Any) -> str:
    """Return a fact as text that cannot break the line it stands in."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    text = value if isinstance(value, str) else str(value)
    text = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
    return text if len(text) <= 200 else text[:200] + "…"
