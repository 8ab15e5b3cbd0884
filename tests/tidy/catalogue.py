"""Brings the catalogue of translations up to date: ``python -m tests.tidy.catalogue``.

Texts that are new are added to ``node/locales/zh/LC_MESSAGES/idnode.po`` to be translated, those that nothing says any
more leave it, and ``idnode.mo``, which is what a node reads, is compiled from it.
"""

import inspect
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from idnode.node import cli
from idnode.node.locales.phrases import PHRASES, WORDS
from idnode.node.locales.whole_lines import tree
from idnode.node.settings import Settings

FOLDER = Path("node/locales/zh/LC_MESSAGES")


def texts() -> dict[str, str]:
    """Return every text that has to be in the catalogue → where it is said."""
    found = dict.fromkeys((*WORDS, *PHRASES), "typer")
    for field in Settings.model_fields.values():
        found.setdefault(str(field.description), "idnode serve")
    for where, text in _helps():
        found.setdefault(text, where)
    return found


def _helps() -> Iterator[tuple[str, str]]:
    for command in tree(typer.main.get_command(cli.application([]))):
        where = f"idnode {command.name}" if command.name != "idnode" else "idnode"
        for part in (command, *command.params):
            if getattr(part, "help", None) and not _is_setting(command, part):
                yield where, inspect.cleandoc(part.help)


def _is_setting(command: Any, part: Any) -> bool:
    """Tell whether a flag is one of a setting: `idnode serve` translates its description alone, then adds the default."""
    return command.name in cli.WITH_SETTINGS and part.name in Settings.model_fields


def stored(folder: Path = FOLDER) -> Catalog:
    """Return the catalogue as its source has it."""
    with (folder / "idnode.po").open("rb") as file:
        return read_po(file, locale="zh")


def current(old: Catalog) -> Catalog:
    """Return a catalogue with every text that is said, and the translations that an older one has."""
    new = Catalog(
        locale="zh",
        project="idnode",
        version="",
        header_comment="# What the command line says, in Chinese. `make translations` adds and removes texts.",
        msgid_bugs_address="none",
        last_translator="idnode",
        language_team="zh",
        creation_date=old.creation_date,
        revision_date=old.creation_date,
        fuzzy=False,
    )
    for text, where in texts().items():
        known = old.get(text)
        new.add(text, known.string if known else "", auto_comments=[where])
    return new


def source(catalogue: Catalog) -> bytes:
    """Return the text of a catalogue, to be read and translated."""
    file = io.BytesIO()
    write_po(file, catalogue, width=100)
    return file.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as gettext reads it."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def main(folder: Path) -> int:
    """Write both files; end with 1 while a text is without its translation."""
    catalogue = current(stored(folder))
    (folder / "idnode.po").write_bytes(source(catalogue))
    (folder / "idnode.mo").write_bytes(compiled(catalogue))
    missing = [each.id for each in catalogue if each.id and not each.string]
    for text in missing:
        sys.stderr.write(f"not translated: {text}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(FOLDER))
