"""The tables of rules and traps in the READMEs of `node/interceptors/`; run it as a module to write them anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from idnode.node.faces.table import FACES
from idnode.node.interceptors.faults.library import traps
from idnode.node.interceptors.rules.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEADS: Final = {
    "en": ("rule", "what it says", "how to do it right"),
    "zh": ("规则", "原因", "正确做法"),
}
TRAP_HEADS: Final = {
    "en": ("trap", "what happens, and what a good client does"),
    "zh": ("陷阱", "现场情况与合格客户端的做法"),
}
READMES: Final = {"en": "README.md", "zh": "README.zh.md"}


def rules_table(language: str) -> str:
    """Return the table of every rule."""
    rows = [
        (f"`{rule.id}`", getattr(rule, language), getattr(rule, f"do_{language}"))
        for rule in Catalogue(*(face.rules for face in FACES)).all_rules()
    ]
    return _table(HEADS[language], rows)


def traps_table(language: str) -> str:
    """Return the table of every trap."""
    rows = [(f"`{trap.name}`", getattr(trap, language)) for trap in traps().values()]
    return _table(TRAP_HEADS[language], rows)


def written(text: str, language: str) -> str:
    """Return a README with its tables written anew, between their marks."""
    for name, table in (("rules", rules_table(language)), ("traps", traps_table(language))):
        before, begin, rest = text.partition(f"<!-- {name}: begin -->\n")
        _old, end, behind = rest.partition(f"<!-- {name}: end -->")
        text = f"{before}{begin}{table}{end}{behind}"
    return text


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines
    )


def main(folder: Path) -> None:
    """Write the tables into the READMEs of this folder."""
    for language, name in READMES.items():
        path = folder / name
        path.write_text(written(path.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "node/interceptors"))
