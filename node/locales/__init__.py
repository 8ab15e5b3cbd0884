"""The language that the command line speaks: English, or Chinese where the environment asks for it."""

import os
from typing import Final

LANGUAGES: Final = ("en", "zh")

_VARIABLES: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which gettext asks them; the first one that is set decides."""


def language() -> str:
    """Return ``zh`` where the environment asks for Chinese before English, else ``en``.

    Only the names of locales count: a container has no Chinese locale installed, and speaks Chinese all the same.
    """
    chosen = next(filter(None, map(os.environ.get, _VARIABLES)), "")
    for locale in chosen.lower().split(":"):
        for known in LANGUAGES:
            if locale.startswith(known):
                return known
    return "en"
