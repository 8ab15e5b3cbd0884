"""The catalogue of translations: opened for Chinese only, and then for Typer's own texts as well."""

import gettext
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
DOMAIN: Final = "idnode"


def speak_chinese() -> None:
    """Have `gettext.gettext` answer in Chinese in this process, whoever calls it."""
    # Told apart from the environment's choice: of `LANGUAGE=en:zh` gettext would take what it has a file for.
    gettext.bindtextdomain(DOMAIN, str(FOLDER))
    gettext.textdomain(DOMAIN)


def chinese() -> gettext.NullTranslations:
    """Return the Chinese catalogue."""
    return gettext.translation(DOMAIN, FOLDER, languages=["zh"])
