"""Lists of commands whose lines are whole: Typer would cut them at 80 columns."""

import inspect
from collections.abc import Iterator
from typing import Any


def keep_lines_whole(command: Any) -> None:
    """Have lists of commands show whole first sentences: they are wrapped instead of cut at 80 columns."""
    for each in tree(command):
        each.short_help = first_sentence(each.help or "")


def first_sentence(text: str) -> str:
    """Return the first sentence of a help text."""
    paragraph = " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())
    for ending in ("。", ". "):
        if ending in paragraph:
            return paragraph[: paragraph.index(ending)] + ending.rstrip()
    return paragraph


def tree(command: Any) -> Iterator[Any]:
    """Yield a command and all commands below it."""
    yield command
    for each in getattr(command, "commands", {}).values():
        yield from tree(each)
