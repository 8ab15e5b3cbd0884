"""Says an error's English message in Chinese, for the Chinese line of a refusal.

The tables beside this file have one line a message, ``"Index conflict for {}" = "索引 {} 冲突"``. Each ``{}`` stands for
what the code puts in there; the Chinese takes them in the same order, or by number, and ``{:said}`` takes one that is
a message, too. What clients chose themselves is never looked for. A message that is in no table stays as it is:
English is better than nothing. The tables are read when the first message is looked for, so a node that refuses
nothing never does.
"""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

TABLES: Final = Path(__file__).parent
SLOT: Final = "{}"

_KEPT_MAX: Final = 256
"""Messages whose Chinese is remembered: a client that is refused is often refused the same way again and again."""


class _Pattern(NamedTuple):
    """A message with slots: the pieces around them, the first and the last perhaps empty, and its Chinese."""

    pieces: list[str]
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


@lru_cache(_KEPT_MAX)
def in_chinese(text: str) -> str:
    """Return the Chinese of an English message, or the message itself if there is none."""
    if text in messages() and SLOT not in text:
        return messages()[text]
    by_word = _patterns()
    for pieces, chinese in by_word.get(_word(text)) or by_word[""]:
        parts = _between(pieces, text)
        if parts is not None:
            return chinese.format(*map(_Part, parts))
    return text


@cache
def _patterns() -> dict[str, list[_Pattern]]:
    """Return the messages with slots by their first word, those that say most by themselves first.

    Messages that begin with a slot have no word, and are among those of each.
    """
    slotted = [english for english in messages() if SLOT in english]
    slotted.sort(key=lambda each: len(each.replace(SLOT, "")), reverse=True)
    made = []
    for english in slotted:
        pieces = english.split(SLOT)
        made.append((_word(pieces[0]), _Pattern(pieces, messages()[english])))
    words = {"", *(word for word, _ in made)}
    return {word: [pattern for of, pattern in made if of in {word, ""}] for word in words}


def _between(pieces: list[str], text: str) -> list[str] | None:
    """Return what stands between the pieces of a message; None if the text is another message."""
    first, *inner, last = pieces
    if not (text.startswith(first) and text.endswith(last)):
        return None
    at, end = len(first), len(text) - len(last)
    parts = []
    for piece in inner:
        found = text.find(piece, at, end)
        if found < 0:
            return None
        parts.append(text[at:found])
        at = found + len(piece)
    return [*parts, text[at:end]] if at <= end else None


def _word(text: str) -> str:
    """Return the first word of a text, if it is whole: with a blank behind it."""
    word, blank, _ = text.partition(" ")
    return word if blank else ""
