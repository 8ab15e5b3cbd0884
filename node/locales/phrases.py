"""Typer's own words, in Chinese: it formats most of them without asking gettext."""

import re
from functools import cache
from gettext import gettext
from typing import Final

WORDS: Final = (
    "Usage:",
    "Arguments",
    "Options",
    "Commands",
    "Show this message and exit.",
    "default: {default}",
    "required",
    "Missing command.",
    "Aborted!",
)
"""Asked for as they stand, by Typer or by the formatter of help."""

PHRASES: Final = (
    "Error: {message}",
    "Try '{command}' for help.",
    "No such command {name}. Did you mean {others}?",
    "No such command {name}.",
    "No such option: {name} (Possible options: {others})",
    "No such option: {name}",
    "Option {name} requires an argument.",
    "Option {name} does not take a value.",
    "Missing argument {name}.",
    "Missing option {name}.",
    "Got unexpected extra argument(s) ({arguments})",
    "Invalid value for {name}: {message}",
    "{value} is not in the range {bounds}.",
    "{value} is not one of {choices}.",
    "{value} is not a valid int.",
    "{value} is not a valid int range.",
    "{value} is not a valid float.",
)
"""Found in lines that Typer has formatted already; of two that fit the first one counts."""


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {phrase: re.compile(_expression(phrase), re.DOTALL) for phrase in PHRASES}


def _expression(phrase: str) -> str:
    """Return the expression that finds what stands in the braces of a phrase."""
    parts = re.split(r"\{(\w+)\}", phrase)
    texts, names = parts[::2], [*parts[1::2], None]
    return "".join(
        re.escape(text) + (f"(?P<{name}>.+?)" if name else "")
        for text, name in zip(texts, names, strict=True)
    )


def in_language(line: str) -> str:
    """Return a line of Typer's in the language that is spoken; one that it does not know stays as it is."""
    for phrase, pattern in _patterns().items():
        found = pattern.fullmatch(line)
        if found is not None:
            parts = {name: in_language(part) for name, part in found.groupdict().items()}
            return gettext(phrase).format(**parts)
    return gettext(line) if line else line
