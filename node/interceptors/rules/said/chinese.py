"""Says an error's English message in Chinese, for the Chinese line of a refusal.

The tables beside this file have one line a message, ``"Index conflict for {}" = "索引 {} 冲突"``. Each ``{}`` stands for
what the code puts in there; the Chinese takes them in the same order, or by number, and ``{:said}`` takes one that is
a message, too. What clients chose themselves is never looked for. A message that is in no table stays as it is:
English is better than nothing. The tables are read when the first message is looked for, so a node that refuses
nothing never does.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

TABLES: Final = Path(__file__).parent
SLOT: Final = "{}"


class _Pattern(NamedTuple):
    """A message with slots: what it has to begin with, what it has to look like, and its Chinese."""

    start: str
    form: re.Pattern[str]
    chinese: str


@cache
def messages() -> dict[str, str]:
    """Return every English message that is known, with its Chinese."""
    found: dict[str, str] = {}
    for table in sorted(TABLES.glob("*.toml")):
        for section in tomllib.loads(table.read_text("utf-8")).values():
            found |= section
    return found


class _Part(str):
    """A piece of a message that stands in a slot."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return in_chinese(str(self)) if spec == "said" else str(self)


def in_chinese(text: str) -> str:
    """Return the Chinese of an English message, or the message itself if there is none."""
    if text in messages() and SLOT not in text:
        return messages()[text]
    for start, form, chinese in _patterns():
        if text.startswith(start) and (found := form.fullmatch(text)):
            return chinese.format(*map(_Part, found.groups()))
    return text


@cache
def _patterns() -> list[_Pattern]:
    """Return the messages with slots, those that say most by themselves first."""
    slotted = [(english, chinese) for english, chinese in messages().items() if SLOT in english]
    slotted.sort(key=lambda each: len(each[0].replace(SLOT, "")), reverse=True)
    return [
        _Pattern(
            english.partition(SLOT)[0],
            re.compile("(.*?)".join(map(re.escape, english.split(SLOT)))),
            chinese,
        )
        for english, chinese in slotted
    ]
