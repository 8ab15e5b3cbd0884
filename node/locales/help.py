"""Help in Chinese: the texts of a tree of commands, and their layout on a terminal."""

from __future__ import annotations

import inspect
from gettext import gettext
from typing import TYPE_CHECKING, Any, Final

import typer

from idnode.node.locales.whole_lines import tree
from idnode.node.locales.wrapping import columns, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMN_MAX: Final = 30
_SPACING: Final = 2


class ChineseFormatter(typer.Context.formatter_class):  # type: ignore[valid-type,misc]  # no public name
    """Lays help out by the columns of a terminal instead of by characters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, prefix or gettext("Usage:"))

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        self.write(f"{'':>{self.current_indent}}{gettext(heading)}：\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, each wrapped."""
        indent = " " * self.current_indent
        lines = _lines(text, self.width - self.current_indent)
        self.write("".join(f"{indent}{line}\n" if line else "\n" for line in lines))

    def write_dl(
        self,
        rows: Sequence[tuple[str, str]],
        col_max: int = _COLUMN_MAX,
        col_spacing: int = _SPACING,
    ) -> None:
        """Write names with their meanings beside them, or below those that are long."""
        indent = " " * self.current_indent
        column = min(max(columns(name) for name, _ in rows), col_max) + col_spacing
        for name, meaning in rows:
            lines = _lines(gettext(meaning) if meaning else "", self.width - column - 2)
            if columns(name) > column - col_spacing:
                self.write(f"{indent}{name}\n")
                name = ""  # noqa: PLW2901  # it stands on a line of its own
            for line in lines or [""]:
                padding = " " * (column - columns(name))
                self.write(f"{indent}{name}{padding}{line}".rstrip() + "\n")
                name = ""  # noqa: PLW2901  # once


class _ChineseContext(typer.Context):
    formatter_class = ChineseFormatter


def _lines(text: str, width: int) -> list[str]:
    """Return the lines of paragraphs, with an empty one between."""
    found: list[str] = []
    for paragraph in text.split("\n\n"):
        found += ["", *wrapped(paragraph, width)]
    return found[1:]


def translate(command: Any) -> None:
    """Have a command, and those below it, explain itself in the language that is spoken."""
    for each in tree(command):
        each.context_class = _ChineseContext
        for part in (each, *each.params):
            if getattr(part, "help", None):
                part.help = gettext(inspect.cleandoc(part.help))
