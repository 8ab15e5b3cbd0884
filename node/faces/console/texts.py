"""All words of the console in both languages, from one catalogue (`texts.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final

LANGUAGES: Final = ("zh", "en")
COMMON: Final = "common"
"""The section that scripts of every page have."""


@cache
def catalogue() -> dict[str, dict[str, dict[str, str]]]:
    """Return the words: by section and name, in each language."""
    text = files("idnode.node.faces.console").joinpath("texts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def text_of(language: str, name: str, /, **facts: Any) -> str:
    """Return the words that ``section.name`` stands for, with facts in them.

    Raises:
        KeyError: There are none.

    """
    section, _, key = name.partition(".")
    return catalogue()[section][key][language].format(**facts)


def section_texts(language: str, *sections: str) -> dict[str, str]:
    """Return what scripts of a page say: by ``section.name``, in one language."""
    found = catalogue()
    return {
        f"{section}.{key}": words[language]
        for section in sections
        for key, words in found[section].items()
    }
