"""The pages of the console: which there are, and how each is rendered.

A page is words and places to fill; whatever it shows of the node its scripts fetch from the management port. Links are
relative, for in a tree the pages of each node lie below a path of their own.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.faces.console.texts import COMMON, LANGUAGES, section_texts, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
THEMES: Final = ("light", "dark")
TREE: Final = "tree"
"""The page of a whole tree, which is no node's."""

_SECTIONS: Final = {"journal": ("field",)}
"""Sections of the catalogue that scripts of a page have besides its own."""


class Page(NamedTuple):
    """A page: its path below the root, and its symbol in the menu."""

    name: str
    path: str
    icon: str


PAGES: Final = (
    Page("overview", "", "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z"),
    Page("identifiers", "identifiers", "M4 7V4h16v3M9 20h6M12 4v16"),
    Page("journal", "journal", "M4 6h16M4 12h16M4 18h10"),
    Page("directory", "directory", "M4 20V8l8-4 8 4v12M9 20v-6h6v6M3 20h18"),
    Page("bench", "bench", "M10 3v6L4.5 18.5A1.7 1.7 0 0 0 6 21h12a1.7 1.7 0 0 0 1.5-2.5L14 9V3M8 3h8M7 15h10"),
    Page("load", "load", "M3 20h18M5 16l4-5 4 3 6-8"),
)  # fmt: skip
"""The pages of a node, in the order of the menu; an icon is one path in a field of 24 by 24."""


class Wishes(NamedTuple):
    """Names what a reader asked for: a language, and colours or None for those of the system."""

    language: str
    theme: str | None


def wishes_of(query: Mapping[str, str], cookies: Mapping[str, str], accepted: str) -> Wishes:
    """Return what a reader asked for: in the query, else in a cookie, else by ``Accept-Language``, else Chinese."""
    asked = (query.get("lang", ""), cookies.get("lang", ""), *_accepted(accepted))
    language = next((each for each in asked if each in LANGUAGES), LANGUAGES[0])
    theme = cookies.get("theme", "")
    return Wishes(language, theme if theme in THEMES else None)


def _accepted(header: str) -> list[str]:
    return [each.strip()[:2].lower() for each in header.split(",")]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  # late

    # Pages are made when somebody asks for the first; no start of a node waits for Jinja.
    return Environment(
        loader=PackageLoader("idnode.node.faces.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def rendered(name: str, wishes: Wishes, version: str) -> str:
    """Return a page as HTML."""
    other = next(each for each in LANGUAGES if each != wishes.language)
    facts: dict[str, Any] = {
        "page": name,
        "pages": () if name == TREE else PAGES,
        "language": wishes.language,
        "other_language": other,
        "theme": wishes.theme,
        "version": version,
        "texts": section_texts(wishes.language, COMMON, name, *_SECTIONS.get(name, ())),
        "t": partial(text_of, wishes.language),
    }
    return _environment().get_template(f"{name}.html").render(facts)
