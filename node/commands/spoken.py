"""The option `--lang` of commands that print what exists in both languages."""

from typing import Annotated

import typer

from idnode.node.commands.failure import CommandFailed
from idnode.node.locales import LANGUAGES, language

Lang = Annotated[str | None, typer.Option(help="en or zh [default: the environment's].")]

_USAGE_EXIT_CODE = 2


def spoken(lang: str | None) -> str:
    """Return the language to print in: what the option says, else the environment's.

    Raises:
        CommandFailed: The option names another language.

    """
    speak = lang or language()
    if speak not in LANGUAGES:
        raise CommandFailed(
            f"--lang takes one of {', '.join(LANGUAGES)}", exit_code=_USAGE_EXIT_CODE
        )
    return speak
